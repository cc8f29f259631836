one=$(kubectl get pod testpod1 -o jsonpath={.status.podIP})
two=$(kubectl get pod testpod2 -o jsonpath={.status.podIP})
sed -i -e "s/value: testpod1/value: $one:8080/" -e "s/value: testpod2/value: $two/" client.yaml
kubectl replace --force -f client.yaml
