sed -i 's/app: counter$/app: countre/; s/replicas: 0/replicas: 1/' counter.yaml
kubectl apply -f counter.yaml
sleep 5
