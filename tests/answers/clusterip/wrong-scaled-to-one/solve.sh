sed -i 's/backnd/backend/; s/targetPort: 8080/targetPort: 80/' backend.yaml
kubectl apply -f backend.yaml
kubectl scale deployment backend --replicas=1
