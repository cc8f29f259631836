kubectl annotate ingress post nginx.ingress.kubernetes.io/backend-protocol=HTTP --overwrite
kubectl patch ingress post --type=json -p '[{"op": "replace", "path": "/spec/tls/0/secretName", "value": "post-tls"}]'
