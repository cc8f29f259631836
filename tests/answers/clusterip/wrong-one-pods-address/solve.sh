address=$(kubectl get pods -l app=backend -o jsonpath='{.items[0].status.podIP}')
kubectl set env deployment/frontend BACKEND_URL=http://$address
kubectl rollout status deployment/frontend
