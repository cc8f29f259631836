sed -i '5s/$/\n  clusterIP: None/' db.yaml
kubectl replace --force -f db.yaml
kubectl rollout status statefulset/db
