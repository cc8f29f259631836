kubectl rollout restart -n hall deployment seats
kubectl rollout restart -n box deployment web
kubectl rollout status -n hall deployment seats
kubectl rollout status -n box deployment web
