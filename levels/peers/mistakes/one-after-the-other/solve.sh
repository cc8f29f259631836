kubectl delete statefulset ledger
kubectl apply -f ledger.yaml
