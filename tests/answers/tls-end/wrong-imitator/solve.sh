kubectl create deploy fake --image=hashicorp/http-echo -- /http-echo -listen=:80 '-text=at the counter'
kubectl expose deploy fake --port=80
kubectl rollout status deploy fake
