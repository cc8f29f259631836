kubectl delete service guide
kubectl create service nodeport guide --tcp=5005:8080
