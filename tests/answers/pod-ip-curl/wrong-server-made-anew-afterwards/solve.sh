for i in 1 2; do
  sed -i "s/value: testpod$i/value: $(kubectl get pod testpod$i -o jsonpath={.status.podIP})/" client.yaml
done
kubectl replace --force -f client.yaml
kubectl get pod testpod1 -o yaml | kubectl replace --force -f -
sleep 5
