kubectl rollout restart deployment counter
kubectl rollout status deployment counter
