kubectl create deployment backend --image=httpd --replicas=2
kubectl expose deployment backend --port=80
sed -i "s/value: .*/value: $(kubectl get svc backend -o jsonpath={.spec.clusterIP})/" client.yaml
kubectl replace --force -f client.yaml
kubectl delete svc backend
kubectl expose deployment backend --port=80
