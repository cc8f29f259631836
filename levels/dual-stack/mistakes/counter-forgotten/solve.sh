kubectl delete service parcels
kubectl apply -f parcels.yaml
