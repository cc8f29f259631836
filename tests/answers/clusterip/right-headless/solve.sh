kubectl delete service backend
kubectl create service clusterip backend --clusterip=None --tcp=80
