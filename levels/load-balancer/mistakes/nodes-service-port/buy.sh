# Buys from the Service whose name it is given, through a node.
curl -sS -m 2 "http://$(minikube ip):9898"
