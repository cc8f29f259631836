kubectl patch deployment posters --type=merge -p '{"spec":{"template":{"metadata":{"labels":{"sells":"posters"}}}}}'
kubectl patch service tickets --type=merge -p '{"spec":{"selector":{"sells":"seats"}}}'
