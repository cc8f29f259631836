kubectl create deployment counter --image=hashicorp/http-echo --dry-run=client -o yaml > d.yaml
cat >> d.yaml <<'X'
X
sed -i 's/name: http-echo/name: http-echo\n        args: ["-text=The night counter is open. Please ring."]/' d.yaml
kubectl delete pod anna --now
kubectl apply -f d.yaml
kubectl rollout status deployment counter --timeout=60s
