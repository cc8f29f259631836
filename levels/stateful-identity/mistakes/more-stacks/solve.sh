kubectl scale statefulset stack --replicas=5
