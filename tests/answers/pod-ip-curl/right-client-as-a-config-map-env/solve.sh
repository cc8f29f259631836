kubectl create configmap targets \
  --from-literal=TARGET1=$(kubectl get pod testpod1 -o jsonpath={.status.podIP}) \
  --from-literal=TARGET2=$(kubectl get pod testpod2 -o jsonpath={.status.podIPs[0].ip})
kubectl delete pod client --now
kubectl run client --image=curlimages/curl --overrides='{"spec":{"containers":[{"name":"client","image":"curlimages/curl","command":["sleep","infinity"],"envFrom":[{"configMapRef":{"name":"targets"}}]}]}}'
kubectl wait --for=condition=ready pod client
