# The first pods go, and others come in their place. The address of one of these stays.
sleep 5
kubectl delete pods -l app=backend --grace-period=1
kubectl wait --for=condition=Ready pods -l app=backend
address=$(kubectl get pods -l app=backend -o jsonpath='{.items[0].status.podIP}')
sed -i "s/value: .*/value: $address/" client.yaml
kubectl replace --force -f client.yaml
