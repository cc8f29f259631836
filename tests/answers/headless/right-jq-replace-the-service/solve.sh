kubectl get svc db -o json | jq 'del(.spec.clusterIPs) | .spec.clusterIP = "None"' > svc.json
kubectl replace --force -f svc.json
