# Asks for the guide at every node of the cluster.
ADDR=$(kubectl get nodes -o jsonpath='{ $.items[*].status.addresses[?(@.type=="ExternalIP")].address }')
PORT=$(kubectl get service guide -o jsonpath={.spec.ports[0].nodePort})
for a in $ADDR; do wget --tries=1 --timeout=2 --spider http://$a:$PORT || exit 1; done
