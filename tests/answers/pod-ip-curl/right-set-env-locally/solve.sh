ip1=$(kubectl get pods testpod1 -o yaml | grep 'podIP:' | awk '{print $2}')
ip2=$(kubectl describe pod testpod2 | awk '/^IP:/ {print $2}')
kubectl set env -f client.yaml TARGET1=$ip1 TARGET2=$ip2 --local -o yaml > new.yaml
kubectl replace --force -f new.yaml
