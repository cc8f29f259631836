# The same Service, made in the terminal.
kubectl delete service backend
kubectl expose deployment backend --port=80
