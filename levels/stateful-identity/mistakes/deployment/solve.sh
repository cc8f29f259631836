kubectl delete statefulset stack
