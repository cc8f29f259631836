kubectl scale deployment -n kube-system coredns --replicas=2
sleep 30
