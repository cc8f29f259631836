kubectl get rs
kubectl scale deployment doses --replicas=1
sleep 5
