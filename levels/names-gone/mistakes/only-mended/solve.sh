kubectl get configmap -n kube-system coredns -o json | sed 's/foward/forward/' | kubectl replace -f -
