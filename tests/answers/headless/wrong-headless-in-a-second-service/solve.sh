kubectl create service clusterip db-headless --clusterip=None --tcp=9376
kubectl set selector svc db-headless app=db
