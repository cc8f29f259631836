kubectl delete service db
kubectl delete statefulset db
kubectl apply -f db.yaml
