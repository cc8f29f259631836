kubectl delete svc lab
kubectl apply -f lab.yaml