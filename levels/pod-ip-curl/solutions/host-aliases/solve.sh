# The names stay; the client's own /etc/hosts says where they are.
nginx=$(kubectl get pod testpod1 -o jsonpath={.status.podIP})
httpd=$(kubectl get pod testpod2 -o jsonpath={.status.podIP})
sed -i "s/^spec:/spec:\n  hostAliases:\n  - {ip: $nginx, hostnames: [testpod1]}\n  - {ip: $httpd, hostnames: [testpod2]}/" client.yaml
kubectl replace --force -f client.yaml
