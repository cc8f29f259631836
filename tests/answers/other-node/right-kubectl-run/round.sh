for ip in $(kubectl get pods -l app=pier -o go-template='{{range .items}}{{.status.podIP}} {{end}}'); do
  kubectl run ask --image=busybox --restart=Never --rm -i --quiet -- wget -qO- -T 2 http://$ip:5678
done
