# The bare pod goes and is applied again, and its new address is written down.
kubectl delete pod backend --grace-period=1
kubectl apply -f backend.yaml
kubectl wait --for=condition=Ready pod/backend
address=$(kubectl get pod backend -o jsonpath='{.status.podIP}')
sed -i "s/value: .*/value: $address/" client.yaml
kubectl replace --force -f client.yaml
