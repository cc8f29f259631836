# The stuck pod holds up its own repair.
kubectl delete pod stack-0
