PORT=$(kubectl get service guide -o jsonpath={.spec.ports[0].nodeport})
for ip in 192.168.49.2 192.168.49.3 192.168.49.4; do
  wget --tries=1 --timeout=2 --spider http://$ip:$PORT || exit
done
