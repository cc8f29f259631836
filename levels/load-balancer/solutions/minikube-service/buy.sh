# Buys from the Service whose name it is given, at the address that minikube knows.
curl -sS -m 2 "$(minikube service $1 --url)"
