kubectl patch service door -p '{"spec":{"externalTrafficPolicy":"Local"}}'
kubectl scale deployment door --replicas=6
sleep 20
