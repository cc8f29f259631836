kubectl scale deployment ferry --replicas=2
