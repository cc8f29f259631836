kubectl rollout restart deployment front
kubectl rollout status deployment front
