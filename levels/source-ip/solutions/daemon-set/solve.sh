kubectl delete deployment door
