kubectl delete service web
kubectl expose deployment web --type=NodePort --port=80
