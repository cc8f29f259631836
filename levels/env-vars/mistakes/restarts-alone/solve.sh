kubectl rollout restart deployment counter machine
kubectl rollout status deployment machine
