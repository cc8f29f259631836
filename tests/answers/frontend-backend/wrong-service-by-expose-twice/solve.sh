kubectl delete service front
kubectl expose deployment front --type=LoadBalancer --port=8080 --target-port=8080
sleep 3
