ip=$(kubectl get svc catalogue -o jsonpath={.spec.clusterIP})
kubectl set env -n lending deploy/desk deploy/van CATALOGUE_URL=http://$ip
kubectl rollout status -n lending deploy/desk
kubectl rollout status -n lending deploy/van
