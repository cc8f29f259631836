kubectl get pod bakery -o yaml > b.yaml
sed -i 's/containerPort: 80/containerPort: 8080/' b.yaml
kubectl replace --force -f b.yaml
sleep 5
