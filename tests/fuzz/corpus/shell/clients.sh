curl -sv -m 2 -o /dev/null -w '%{http_code} %{remote_ip}\n' http://web:80/ ; wget -qO- web || nslookup web
kubectl exec web -- sh -c 'curl -s localhost | head -4; ls -la /etc; ps' ; kubectl get pods -o wide -w & sleep 1; kill %1
kubectl get nodes -o json | jq -r '.items[].spec.podCIDR' | sort -V
kubectl exec box -- wget -T 1 -qO- web; dig +short web.default.svc.cluster.local; ssh node-1 'iptables-save | grep web; ss -ltn; ip route'
kubectl patch svc web -p '{"spec":{"ports":[{"port":80,"targetPort":81}]}}'; kubectl describe svc web; kubectl explain pod.spec
