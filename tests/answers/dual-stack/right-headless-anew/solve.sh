kubectl delete svc parcels
kubectl apply -f parcels.yaml
