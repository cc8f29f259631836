kubectl get configmap -n kube-system coredns -o yaml | sed 's,foward . /etc/resolv.conf,forward . 10.96.0.10,' | kubectl apply -f -
kubectl scale deployment -n kube-system coredns --replicas=2
