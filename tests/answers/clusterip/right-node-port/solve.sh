kubectl delete -f backend.yaml
kubectl expose deployment/backend --type=NodePort --port=80
