kubectl delete service,statefulset db
kubectl apply -f db.yaml
kubectl rollout status deployment/db
