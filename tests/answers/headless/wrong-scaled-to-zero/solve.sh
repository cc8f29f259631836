kubectl delete svc db; kubectl apply -f db.yaml
kubectl scale sts db --replicas=0
sleep 5
