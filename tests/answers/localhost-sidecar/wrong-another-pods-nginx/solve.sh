kubectl run web --image=nginx
kubectl expose pod web --port=80
kubectl wait --for=condition=Ready pod/web
sleep 10
