kubectl delete pod -l release=1
