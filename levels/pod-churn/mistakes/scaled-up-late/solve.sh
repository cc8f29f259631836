kubectl create deployment backend --image=httpd --replicas=0
sleep 5
kubectl scale deployment backend --replicas=1
kubectl rollout status deployment backend
kubectl delete pod backend --now
ip=$(kubectl get pods -l app=backend -o jsonpath={.items[0].status.podIP})
sed -i "s/value: .*/value: $ip/" client.yaml
kubectl replace --force -f client.yaml
kubectl wait pod client --for=condition=ready
