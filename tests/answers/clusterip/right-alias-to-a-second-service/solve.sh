kubectl delete service backend
kubectl create service externalname backend --external-name=httpd.default.svc.cluster.local
