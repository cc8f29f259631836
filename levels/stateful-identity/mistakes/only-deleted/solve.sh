kubectl delete pod stack-0
