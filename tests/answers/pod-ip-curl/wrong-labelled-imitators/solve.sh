kubectl run parrot1 --image=hashicorp/http-echo --labels=app=testpod1 -- -text='Welcome to nginx!' -listen=:80
kubectl run parrot2 --image=hashicorp/http-echo --labels=app=testpod2 -- -text='It works!' -listen=:80
kubectl wait --for=condition=Ready pod/parrot1 pod/parrot2
for n in 1 2; do
  sed -i "s/value: testpod$n/value: $(kubectl get pod parrot$n -o jsonpath='{.status.podIP}')/" client.yaml
done
kubectl replace --force -f client.yaml
