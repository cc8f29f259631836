# The policy can't be changed in place.
kubectl delete statefulset stack
kubectl apply -f stack.yaml
