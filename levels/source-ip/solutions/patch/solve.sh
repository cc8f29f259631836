kubectl patch service door -p '{"spec":{"externalTrafficPolicy":"Local"}}'
kubectl scale deployment door --replicas=3
kubectl rollout status deployment door
