kubectl expose pod backend --port=80
sleep 30
kubectl apply -f backend.yaml
