kubectl delete deployment pharmacy-archive
