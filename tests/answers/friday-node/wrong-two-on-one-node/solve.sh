kubectl scale deployment tickets --replicas=1
sleep 5
