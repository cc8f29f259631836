kubectl delete service orders -n shop
kubectl create service externalname orders --external-name=order-desk.default.svc.cluster.local -n shop
kubectl rollout restart deployment web -n shop
sleep 10
