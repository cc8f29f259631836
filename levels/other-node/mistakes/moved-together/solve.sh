# All piers move to the tower's node.
kubectl delete pod south island
for pier in south island; do
  kubectl run $pier --labels=app=pier --image=hashicorp/http-echo --overrides='{"spec": {"nodeName": "node-1"}}' -- "-text=$pier, the ferry sails at 8:15"
done
kubectl wait --for=condition=Ready pod/south pod/island
