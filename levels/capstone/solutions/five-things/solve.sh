# A StatefulSet keeps its serviceName for life.
kubectl delete statefulset -n hall ledger
kubectl apply -f ledger.yaml
kubectl rollout status -n hall statefulset ledger
# nginx reads its configuration and looks up names when it starts.
kubectl rollout restart -n hall deployment seats
kubectl rollout restart -n box deployment web
kubectl rollout status -n hall deployment seats
kubectl rollout status -n box deployment web
