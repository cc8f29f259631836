# The file stays as it is; the Deployment is changed in the cluster.
kubectl patch deployment guide --type=json -p '[{"op": "add", "path": "/spec/template/spec/containers/0/readinessProbe",
  "value": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}}]'
kubectl rollout status deployment/guide
