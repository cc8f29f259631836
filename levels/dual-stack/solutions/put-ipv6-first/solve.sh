# The first family is for life, so the Service is made anew.
kubectl delete service parcels
kubectl apply -f parcels.yaml
