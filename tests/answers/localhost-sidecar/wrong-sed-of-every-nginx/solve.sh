sed -i 's/nginx/localhost/' multi.yaml
kubectl replace --force -f multi.yaml
sleep 5
