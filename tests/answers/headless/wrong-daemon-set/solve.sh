kubectl delete svc,sts db
kubectl apply -f db.yaml
kubectl rollout status ds/db
