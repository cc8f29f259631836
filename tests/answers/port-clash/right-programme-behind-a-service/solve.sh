kubectl get pod cinema -o json | jq 'del(.spec.containers[1]) | .spec.containers[1].env[1].value = "programme"' | kubectl replace --force -f -
kubectl run programme --image=hashicorp/http-echo --port=80 --expose -- -listen=:80 -text="Tonight at eight, the night train to Trieste"
kubectl wait --for=condition=ready pod/programme
