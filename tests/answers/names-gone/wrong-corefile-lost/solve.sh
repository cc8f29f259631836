kubectl create configmap coredns -n kube-system --from-literal=corefile=x --dry-run=client -o yaml | kubectl apply -f -
kubectl scale deploy coredns -n kube-system --replicas=2
sleep 10
