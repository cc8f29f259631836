kubectl delete service orders -n shop
kubectl create service externalname orders --external-name=order-desk -n shop
