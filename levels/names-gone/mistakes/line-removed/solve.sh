kubectl get configmap -n kube-system coredns -o json | jq '.data.Corefile |= sub("foward[^}]*}"; "")' | kubectl replace -f -
kubectl scale deployment -n kube-system coredns --replicas=2
kubectl rollout status deployment -n kube-system coredns
