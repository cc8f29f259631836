kubectl delete service db
