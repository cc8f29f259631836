kubectl delete networkpolicy records
