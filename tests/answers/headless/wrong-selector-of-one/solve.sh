kubectl delete service db
kubectl apply -f db.yaml
