sed -i 's/countre/counter/; s/replicas: 0/replicas: 2/' counter.yaml
kubectl apply -f counter.yaml
sleep 8
