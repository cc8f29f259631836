kubectl get deploy guide -o json | jq '.metadata={name:"guide2"} | .spec.selector.matchLabels.x="y" | .spec.template.metadata.labels.x="y"' | kubectl create -f -
kubectl rollout status deploy guide2
sleep 20
kubectl delete deploy guide
kubectl create deployment guide --image=httpd --replicas=1
kubectl patch svc guide -p '{"spec":{"selector":{"x":"y"}}}'
kubectl rollout status deploy guide
