kubectl patch service tickets -p "{\"spec\":{\"selector\":{\"pod-template-hash\":\"$(kubectl get pods -l hall=one -o jsonpath={.items[0].metadata.labels.pod-template-hash})\"}}}"
