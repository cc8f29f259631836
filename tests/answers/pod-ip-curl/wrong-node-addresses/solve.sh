sed -i "s/value: testpod1/value: $(kubectl get pod testpod1 -o jsonpath='{.status.hostIP}')/" client.yaml
sed -i "s/value: testpod2/value: $(kubectl get pod testpod2 -o jsonpath='{.status.hostIP}')/" client.yaml
kubectl replace --force -f client.yaml
