# A Deployment makes a ReplicaSet of its own, which adds a label and so counts its own pods alone: anna has to go.
kubectl delete pod anna
