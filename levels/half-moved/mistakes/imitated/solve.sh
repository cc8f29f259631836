kubectl get deploy order-desk -o json | jq '.metadata={name:"order-desk",namespace:"shop"}' | kubectl create -f -
kubectl get cm desk -o json | jq '.metadata={name:"desk",namespace:"shop"}' | kubectl create -f -
kubectl patch svc orders -n shop -p '{"spec":{"selector":{"app":"order-desk"}}}'
kubectl rollout status deploy order-desk -n shop
