# After the eviction the same bare pod is applied again, and its new address is written down.
sleep 30
kubectl apply -f backend.yaml
kubectl wait --for=condition=Ready pod/backend
address=$(kubectl get pod backend -o jsonpath='{.status.podIP}')
sed -i "s/value: .*/value: $address/" client.yaml
kubectl replace --force -f client.yaml
