kubectl delete service sky
kubectl create service clusterip sky --tcp=80:8080 --tcp=9000:9898
