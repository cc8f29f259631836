# Fetches the page through the node whose address is given.
curl -sS -m 2 "http://$(kubectl get service web -o jsonpath={.spec.clusterIP})"
