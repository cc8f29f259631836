kubectl patch service tickets -p '{"spec":{"type":"NodePort"}}'
