kubectl scale deployment pharmacy-archive --replicas=0
