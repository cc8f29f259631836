kubectl delete service db
kubectl create service clusterip db --clusterip=None --tcp=9376
