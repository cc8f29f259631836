nodes=$(kubectl get nodes --no-headers | grep ' Ready' | awk '{print $1}')
set -- $nodes
turn=$(($(date +%s) % $# + 1))
eval node=\$$turn
ip=$(kubectl get node $node -o jsonpath='{.status.addresses[0].address}')
curl -sS -m 2 "http://$ip:30080"
