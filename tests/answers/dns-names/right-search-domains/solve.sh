for d in desk van; do kubectl patch deployment $d -n lending --type=merge -p '{"spec":{"template":{"spec":{"dnsConfig":{"searches":["default.svc.cluster.local","svc.cluster.local"],"options":[{"name":"ndots","value":"5"}]}}}}}'; done
kubectl rollout status -n lending deployment/desk
kubectl rollout status -n lending deployment/van
