# A pod of its own has an address of its own, and all ports to itself.
kubectl wait --for=condition=Ready pod/programme
address=$(kubectl get pod programme -o jsonpath={.status.podIP})
sed -i "/PROGRAMME/{n;s/localhost/$address/}" cinema.yaml
kubectl replace --force -f cinema.yaml
