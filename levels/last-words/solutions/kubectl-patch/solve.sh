# The file stays as it is; the Deployment is changed in the cluster.
kubectl patch deployment tickets --type=json -p '[{"op": "add", "path": "/spec/template/spec/containers/0/lifecycle",
  "value": {"preStop": {"sleep": {"seconds": 10}}}}]'
kubectl rollout status deployment/tickets
