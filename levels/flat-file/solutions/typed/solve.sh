# The file stays as it is; kubectl makes the pod.
kubectl run greenhouse --image=hashicorp/http-echo -- "-text=The palms have 22 degrees"
kubectl wait --for=condition=Ready pod/greenhouse
