IP1=$(kubectl get pod testpod1 -o jsonpath={.status.podIP})
IP2=$(kubectl get pod testpod2 -o jsonpath={.status.podIP})
sed -i 's/value: testpod1/value: $IP1/; s/value: testpod2/value: $IP2/' client.yaml
kubectl replace --force -f client.yaml
