kubectl patch deployment machine --type=json -p '[{"op":"remove","path":"/spec/template/spec/enableServiceLinks"}]'
kubectl scale deployment counter --replicas=0
kubectl wait --for=delete pod -l app=counter --timeout=60s
kubectl scale deployment counter --replicas=1
kubectl rollout status deployment/counter
kubectl rollout status deployment/machine
