kubectl apply -f kinds.yaml
kubectl patch svc lb --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.5"},{"hostname":"a.lb.example","ports":[{"port":80,"protocol":"TCP"}]}]}}}'
kubectl patch ing tls --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.6"},{"hostname":"b.example"}]}}}'
kubectl create ns going
kubectl create secret docker-registry reg --docker-server=r --docker-username=u --docker-password=p
kubectl create token sa2 >/dev/null
kubectl run done --image=busybox:1.37 --restart=Never -- sh -c 'echo x; exit 4'
kubectl run oom --image=busybox:1.37 --restart=Never --labels=a=b,c=d -- sleep 1000
kubectl debug oom --image=busybox:1.37 -c dbg -- sleep 100
sleep 40
kubectl delete pod oom --wait=false
