# A letter goes from the letterbox to the sorting machine, at the port that its manifest tells.
machine=$(kubectl get pod sorting -o jsonpath='{.status.podIP}:{.spec.containers[0].ports[0].containerPort}')
kubectl exec letterbox -- curl -sS -m 2 http://$machine
