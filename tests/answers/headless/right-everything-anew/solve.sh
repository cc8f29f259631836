kubectl delete -f db.yaml
kubectl apply -f db.yaml
kubectl rollout status statefulset/db
