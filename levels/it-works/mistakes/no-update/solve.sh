kubectl wait --for=condition=Ready pod/library
kubectl exec library -c clerk -- apt install -y curl
