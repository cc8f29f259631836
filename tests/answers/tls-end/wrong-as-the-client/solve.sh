kubectl patch ingress post --type=json -p '[{"op":"replace","path":"/spec/tls/0/secretName","value":"post-tls"}]'
kubectl annotate ingress post nginx.ingress.kubernetes.io/backend-protocol=AUTO_HTTP --overwrite
