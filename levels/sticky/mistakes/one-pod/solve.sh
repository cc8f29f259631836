kubectl scale deployment ferry --replicas=1
kubectl patch service timetable -p '{"spec":{"sessionAffinity":"None"}}'
