kubectl delete -f backend.yaml
kubectl create deploy backend --image=httpd --port=80
kubectl rollout status deploy/backend
kubectl delete pod -l app=backend --wait
kubectl rollout status deploy/backend
ip=$(kubectl get pod -l app=backend -o jsonpath='{.items[0].status.podIP}')
kubectl get pod client -o json | jq --arg ip $ip '(.spec.containers[0].env[] | select(.name == "TARGET")).value = $ip' | kubectl replace --force -f -
