kubectl get cm coredns -n kube-system -o yaml | sed 's#foward . /etc/resolv.conf#forward . 192.168.49.77#' | kubectl apply -f -
kubectl scale deploy coredns -n kube-system --replicas=2
sleep 10
