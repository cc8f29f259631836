kubectl create deployment backend --image=nginx
kubectl rollout pause deployment backend
kubectl set image deployment backend nginx=httpd
kubectl expose deployment backend --port=80
sed -i "s/value: .*/value: backend/" client.yaml
kubectl replace --force -f client.yaml
