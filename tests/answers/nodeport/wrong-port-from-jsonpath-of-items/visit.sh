PORT=$(kubectl get svc web -o jsonpath='{.items[0].spec.ports[0].nodePort}')
curl -sS -m 2 "http://$1:$PORT"
