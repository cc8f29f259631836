kubectl delete pod stack-0 --now
kubectl rollout status statefulset stack
