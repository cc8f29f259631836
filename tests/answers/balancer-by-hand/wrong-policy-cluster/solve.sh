kubectl patch service radio -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'
