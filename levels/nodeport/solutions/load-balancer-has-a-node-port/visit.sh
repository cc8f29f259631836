# The cluster has picked the port.
port=$(kubectl get service web -o jsonpath='{.spec.ports[0].nodePort}')
curl -sS -m 2 "http://$1:$port"
