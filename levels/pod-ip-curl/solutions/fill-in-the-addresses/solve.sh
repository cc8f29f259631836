# The addresses are found, written into the file, and the pod is made anew.
for pod in testpod1 testpod2; do
  address=$(kubectl get pod $pod -o jsonpath={.status.podIP})
  sed -i "s/value: $pod/value: $address/" client.yaml
done
kubectl replace --force -f client.yaml
