kubectl get pod south-dome -o json > d.json
kubectl delete pod south-dome --now
sed -i 's/"kubernetes.io\/hostname": "node-1"/"kubernetes.io\/hostname": "node-2"/' d.json
kubectl create -f d.json
kubectl wait --for=condition=Ready pod/south-dome --timeout=60s
