# The names stay; the client's own /etc/hosts says where they are.
sed -i "s/NGINX/$(kubectl get pod testpod1 -o jsonpath={.status.podIP})/" client.yaml
sed -i "s/HTTPD/$(kubectl get pod testpod2 -o jsonpath={.status.podIP})/" client.yaml
kubectl delete pod client --now
kubectl apply -f client.yaml
