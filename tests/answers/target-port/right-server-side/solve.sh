cat <<Y | kubectl apply --server-side --force-conflicts -f -
{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Service","metadata":{"name":"sky"},"spec":{"selector":{"app":"sky"},"ports":[{"name":"p","port":80,"targetPort":8080},{"name":"w","port":9000,"targetPort":9898}]}}]}
Y
kubectl get service sky
