kubectl scale deployment -n kube-system coredns --replicas=2
# The pods crash, and their log names line 13 of the Corefile.
kubectl get configmap -n kube-system coredns -o json | sed 's/foward/forward/' | kubectl replace -f -
# New pods start at once; crashed ones would be tried again only after a while.
kubectl rollout restart deployment -n kube-system coredns
kubectl rollout status deployment -n kube-system coredns
