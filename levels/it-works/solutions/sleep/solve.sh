kubectl wait --for=condition=Ready pod/library
kubectl exec library -c clerk -- bash -c "apt update && apt install -y curl"
