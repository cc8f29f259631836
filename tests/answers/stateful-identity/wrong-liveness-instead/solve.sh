kubectl delete pod stack-0
sleep 60
