port=$(kubectl get svc web -o jsonpath={.spec.ports[0].port})
curl -sS -m 2 "http://$1:$port"
