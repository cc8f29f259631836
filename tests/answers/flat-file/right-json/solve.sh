rm -f greenhouse.yaml
kubectl run greenhouse --image=hashicorp/http-echo -- '-text=The palms have 22 degrees.'
kubectl wait --for=condition=Ready pod/greenhouse --timeout=60s
