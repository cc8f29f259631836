kubectl delete pod client --now
kubectl run client --image=curlimages/curl \
  --env=TARGET1=$(kubectl get pod testpod1 -o custom-columns=:.status.podIP --no-headers) \
  --env=TARGET2=$(kubectl get pod testpod2 -o custom-columns=:.status.podIP --no-headers) \
  --command -- sleep infinity
