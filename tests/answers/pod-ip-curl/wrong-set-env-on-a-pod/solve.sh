kubectl set env pod/client TARGET1=$(kubectl get pod testpod1 -o jsonpath={.status.podIP}) TARGET2=$(kubectl get pod testpod2 -o jsonpath={.status.podIP})
