# A pod on each node, at the node's own port 80.
kubectl patch deployment web --type=json -p '[
  {"op": "remove", "path": "/spec/template/spec/affinity"},
  {"op": "replace", "path": "/spec/replicas", "value": 3},
  {"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}},
  {"op": "add", "path": "/spec/template/spec/containers/0/ports",
   "value": [{"containerPort": 80, "hostPort": 80}]}]'
kubectl rollout status deployment/web
