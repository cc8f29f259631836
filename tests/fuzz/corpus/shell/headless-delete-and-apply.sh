# A Service's cluster IP is for life: a new one has to take its place.
kubectl delete service db
kubectl apply -f db.yaml
