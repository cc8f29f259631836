kubectl replace --force -f stack.yaml
kubectl rollout status sts/stack --timeout=2m
