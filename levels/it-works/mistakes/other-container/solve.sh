kubectl wait --for=condition=Ready pod/library
kubectl exec library -- bash -c "apt update && apt install -y curl"
