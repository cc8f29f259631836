kubectl get pod customer -o json | sed 's/10.244.1.4:8080/10.244.1.4/' > c.json
kubectl delete pod customer --now
kubectl replace --force -f c.json 2>/dev/null || kubectl create -f c.json
kubectl wait --for=condition=Ready pod/customer --timeout=60s
