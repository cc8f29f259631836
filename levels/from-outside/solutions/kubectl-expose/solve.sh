# expose takes the pod's own labels for a selector, its name among them.
kubectl expose pod scope-1 --type=NodePort --port=80
