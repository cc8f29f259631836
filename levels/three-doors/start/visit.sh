# Asks for the guide at every node of the cluster.
ADDR=$(kubectl get nodes -o jsonpath='{ $.items[*].status.addresses[?(@.type=="InternalIP")].address }')
PORT=$(kubectl get service guide -o jsonpath={.spec.ports[0].nodePort})
wget --tries=1 --timeout=2 --spider $ADDR:$PORT
