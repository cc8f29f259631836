kubectl delete sts ledger
kubectl apply -f ledger.yaml
sleep 40
