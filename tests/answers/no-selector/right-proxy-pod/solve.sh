kubectl create configmap conf --from-literal=default.conf='server { listen 8000; location / { proxy_pass http://db.example.com; } }'
kubectl apply -f - <<X
apiVersion: v1
kind: Pod
metadata: {name: relay, labels: {app: relay}}
spec:
  containers: [{name: nginx, image: nginx, volumeMounts: [{name: c, mountPath: /etc/nginx/conf.d}]}]
  volumes: [{name: c, configMap: {name: conf}}]
X
kubectl wait --for=condition=Ready pod/relay
kubectl patch service station -p '{"spec":{"selector":{"app":"relay"}}}'
sleep 2
