kubectl scale deployment hall-one --replicas=4
kubectl rollout status deployment hall-one
