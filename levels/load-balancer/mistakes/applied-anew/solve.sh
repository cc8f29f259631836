kubectl delete service tickets
kubectl apply -f tickets.yaml
sleep 60
