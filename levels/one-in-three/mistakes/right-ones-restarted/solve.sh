kubectl rollout restart deployment doses
kubectl rollout status deployment doses
