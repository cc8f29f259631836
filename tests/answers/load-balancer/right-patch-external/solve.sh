kubectl patch service tickets -p '{"spec":{"externalIPs":["192.168.49.2"]}}'
sed -i 's/status.loadBalancer.ingress\[0\].ip/spec.externalIPs[0]/' buy.sh
cat buy.sh
