# After the eviction: the new pod's address.
sleep 30
address=$(kubectl get pods -l app=backend -o jsonpath='{.items[0].status.podIP}')
sed -i "s/value: .*/value: $address/" client.yaml
kubectl replace --force -f client.yaml
