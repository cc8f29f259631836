kubectl set selector service tickets pod-template-hash=$(kubectl get replicasets -l hall=one -o jsonpath='{.items[0].metadata.labels.pod-template-hash}')
