kubectl create namespace databases
kubectl delete svc db
kubectl apply -f db.yaml
