kubectl delete pod guest --now
