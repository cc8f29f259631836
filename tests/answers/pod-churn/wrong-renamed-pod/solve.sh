sed 's/name: backend/name: spare/' backend.yaml | kubectl apply -f -
kubectl wait --for=condition=Ready pod/spare
sed -i "s/value: .*/value: $(kubectl get pod spare -o jsonpath='{.status.podIP}')/" client.yaml
kubectl replace --force -f client.yaml
