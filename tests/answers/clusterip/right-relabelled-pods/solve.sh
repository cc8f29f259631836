kubectl patch deployment backend --type merge -p '{"spec":{"template":{"metadata":{"labels":{"tier":"api"}}}}}'
kubectl rollout status deployment/backend
