sed -i 's#//nginx#//localhost#' multi.yaml
kubectl get pods
