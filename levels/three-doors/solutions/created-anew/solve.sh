kubectl delete service guide
kubectl create service nodeport guide --tcp=80:8080
