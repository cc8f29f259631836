kubectl scale deployment -n kube-system coredns --replicas=1
kubectl rollout status deployment -n kube-system coredns
