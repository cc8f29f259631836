# Looks through telescope 1. $1 is the address of a node.
curl -sS -m 2 "http://$(kubectl get service scope-1 -o jsonpath={.spec.clusterIP})"
