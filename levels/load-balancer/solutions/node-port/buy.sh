# Buys from the Service whose name it is given, through a node.
port=$(kubectl get service $1 -o jsonpath='{.spec.ports[0].nodePort}')
curl -sS -m 2 "http://$(minikube ip):$port"
