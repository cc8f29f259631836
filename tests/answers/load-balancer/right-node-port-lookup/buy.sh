port=$(kubectl get svc $1 -o go-template='{{range .spec.ports}}{{.nodePort}}{{end}}')
for a in $(kubectl get nodes -o jsonpath='{.items[*].status.addresses[?(@.type=="InternalIP")].address}'); do
  curl -sS -m 2 http://$a:$port && exit
done
