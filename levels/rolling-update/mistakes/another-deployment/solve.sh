kubectl get deploy hire -o json | jq '.metadata={name:"hire2"} | .spec.selector.matchLabels.x="y" | .spec.template.metadata.labels.x="y" | .spec.template.spec.containers[0].image="gcr.io/google-samples/hello-app:2.0"' | kubectl create -f -
kubectl rollout status deploy hire2
kubectl patch svc hire -p '{"spec":{"selector":{"x":"y"}}}'
