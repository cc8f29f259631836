for i in 1 2; do
  ip=$(kubectl get pod testpod$i -o jsonpath={.status.podIP})
  sed -i "s/value: testpod$i/value: $ip\/24/" client.yaml
done
kubectl replace --force -f client.yaml
