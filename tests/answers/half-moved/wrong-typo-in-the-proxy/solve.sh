kubectl rollout restart -n shop deploy web till
kubectl rollout status -n shop deploy web --timeout=40s
sleep 35
