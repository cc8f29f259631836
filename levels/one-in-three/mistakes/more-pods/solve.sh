kubectl scale deployment doses --replicas=5
