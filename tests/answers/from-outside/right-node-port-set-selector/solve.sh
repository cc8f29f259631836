kubectl create service nodeport one --tcp=80:80 --node-port=30123
kubectl set selector service one statefulset.kubernetes.io/pod-name=scope-1
echo 'curl -sS -m 2 "http://$1:30123"' > look.sh
