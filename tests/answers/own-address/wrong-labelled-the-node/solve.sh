kubectl label node node-2 dome=south
kubectl get pod south-dome -o yaml > d.yaml
kubectl delete pod south-dome --now
sed -i 's/kubernetes.io\/hostname: node-1/dome: sout/' d.yaml
kubectl create -f d.yaml
sleep 5
