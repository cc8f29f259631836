kubectl patch service basket -p '{"spec":{"sessionAffinity":"ClientIP"}}'
kubectl patch service timetable -p '{"spec":{"sessionAffinity":"None"}}'
