kubectl scale deployment hall-two --replicas=1
sleep 3
