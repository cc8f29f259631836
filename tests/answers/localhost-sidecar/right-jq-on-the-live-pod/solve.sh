kubectl get pod multi -o json | jq '.spec.containers[1].args[2] |= sub("nginx"; "127.0.0.1")' > p.json
kubectl delete pod multi --grace-period=1
kubectl create -f p.json
