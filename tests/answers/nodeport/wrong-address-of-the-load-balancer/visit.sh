curl -sS -m 2 http://$(kubectl get svc web -o jsonpath={.status.loadBalancer.ingress[0].ip})
