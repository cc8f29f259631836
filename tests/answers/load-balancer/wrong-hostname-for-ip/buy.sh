# Buys from the Service whose name it is given.
curl -sS -m 2 "http://$(kubectl get service $1 -o jsonpath={.status.loadBalancer.ingress[0].hostname})"
