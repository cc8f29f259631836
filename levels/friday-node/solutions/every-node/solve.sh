kubectl delete deployment tickets
