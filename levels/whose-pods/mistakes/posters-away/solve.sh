kubectl scale deployment posters --replicas=0
