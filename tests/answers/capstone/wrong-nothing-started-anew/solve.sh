kubectl delete statefulset -n hall ledger
kubectl apply -f ledger.yaml
