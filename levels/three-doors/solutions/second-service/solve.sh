# The Service inside stays as it is; the doors are another one's.
kubectl expose deployment guide --name=guide-doors --type=NodePort --port=80 --target-port=8080
