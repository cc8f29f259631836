kubectl create deployment backend --image=httpd
kubectl scale deployment backend --replicas=3
kubectl expose deployment backend --port=8080 --target-port=80
sed -i 's/value: .*/value: backend:8080/' client.yaml
kubectl replace --force -f client.yaml
