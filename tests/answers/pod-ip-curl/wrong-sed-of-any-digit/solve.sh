ip=$(kubectl get pod testpod1 -o jsonpath={.status.podIP})
sed -i "s/value: testpod./value: $ip/" client.yaml
kubectl replace --force -f client.yaml
