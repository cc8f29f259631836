kubectl delete service scope
kubectl apply -f scope.yaml
