kubectl apply -f storehouse.yaml
sleep 5
kubectl delete pvc gone
sleep 5
