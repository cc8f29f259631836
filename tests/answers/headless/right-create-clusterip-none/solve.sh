kubectl delete svc db
kubectl create service clusterip db --clusterip=None --tcp=9376
kubectl set selector service db app=db
