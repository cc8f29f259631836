kubectl delete ingress kino
kubectl create ingress kino --class=nginx --rule="kino.example/=programme:80" --rule="kino.example/tickets*=tickets:8000"
