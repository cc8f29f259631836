# Buys from the Service whose name it is given.
curl -sS -m 2 "http://$(kubectl get pods -l app=tickets -o jsonpath={.items[0].status.podIP}):9898"
