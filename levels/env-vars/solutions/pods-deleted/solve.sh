kubectl patch deployment machine -p '{"spec":{"template":{"spec":{"enableServiceLinks":true}}}}'
kubectl rollout status deployment machine
kubectl delete pod -l app=counter
