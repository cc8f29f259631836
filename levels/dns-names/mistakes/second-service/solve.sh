kubectl create service clusterip catalogue -n lending --tcp=80:9898
