kubectl patch service guide -p '{"spec":{"type":"NodePort"}}'
