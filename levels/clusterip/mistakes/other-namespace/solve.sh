kubectl delete service backend
