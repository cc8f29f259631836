kubectl delete svc db
kubectl create -f - <<'Y'
apiVersion: v1
kind: Service
metadata: {name: db, labels: &l {app: db}}
spec:
  clusterIP: None
  selector: *l
Y
