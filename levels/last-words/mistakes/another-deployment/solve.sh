kubectl get deploy tickets -o json | jq '.metadata={name:"tickets2"} | .spec.selector.matchLabels.x="y" | .spec.template.metadata.labels.x="y"' | kubectl create -f -
kubectl rollout status deploy tickets2
kubectl delete deploy tickets
kubectl create deployment tickets --image=httpd --replicas=1
kubectl patch svc tickets -p '{"spec":{"selector":{"x":"y"}}}'
kubectl rollout status deploy tickets
