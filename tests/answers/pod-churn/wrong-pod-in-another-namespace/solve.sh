kubectl create namespace quiet
kubectl run backend -n quiet --image=httpd --labels=app=backend
kubectl wait -n quiet --for=condition=Ready pod/backend
sed -i "s/value: .*/value: $(kubectl get pod backend -n quiet -o jsonpath='{.status.podIP}')/" client.yaml
kubectl replace --force -f client.yaml
