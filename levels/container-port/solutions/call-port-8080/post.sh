# A letter goes from the letterbox to the sorting machine.
machine=$(kubectl get pod sorting -o jsonpath={.status.podIP})
kubectl exec letterbox -- curl -sS -m 2 http://$machine:8080
