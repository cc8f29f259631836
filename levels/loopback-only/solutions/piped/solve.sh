# No file is edited: the pod's own description is mended on its way from the cluster and back.
kubectl get pod clinic -o yaml | sed 's/127.0.0.1:8080/:8080/' | kubectl replace --force -f -
kubectl wait --for=condition=Ready pod/clinic
