kubectl wait --for=condition=Ready pod/library
kubectl exec library -c clerk -- apt-get update
kubectl exec library -c clerk -- apt-get install -y curl
