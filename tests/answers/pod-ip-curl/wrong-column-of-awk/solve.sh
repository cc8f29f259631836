one=$(kubectl get pod testpod1 -o wide --no-headers | awk '{print $5}')
two=$(kubectl get pod testpod2 -o wide --no-headers | awk '{print $6}')
sed -i "s/value: testpod1/value: $one/; s/value: testpod2/value: $two/" client.yaml; kubectl replace --force -f client.yaml