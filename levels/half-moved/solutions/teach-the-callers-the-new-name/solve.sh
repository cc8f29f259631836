kubectl rollout restart deployment -n shop web
kubectl rollout status deployment -n shop web
kubectl delete service -n shop orders
