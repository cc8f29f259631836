for n in 1 2; do
  address=$(kubectl get pod testpod$n -o wide --no-headers | awk '{print $6}')
  name=$(echo $address | tr . -).default.pod.cluster.local
  sed -i "s/value: testpod$n/value: $name/" client.yaml
done
kubectl replace --force -f client.yaml
