kubectl delete svc parcels
kubectl expose deploy parcels --port 80 --overrides '{"spec":{"ipFamilies":["IPv6"]}}'
