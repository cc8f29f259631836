one=$(kubectl get pod testpod1 -o jsonpath='{.status.podIP}')
sed -i "s/value: testpod[12]/value: $one/" client.yaml
kubectl replace --force -f client.yaml
