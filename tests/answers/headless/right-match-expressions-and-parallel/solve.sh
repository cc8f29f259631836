kubectl delete svc/db sts/db
kubectl wait --for=delete pod/db-0 pod/db-1 pod/db-2 --timeout=60s
kubectl apply -f - <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {app: db, set: peers}
  ports: [{name: peer, port: 9376}, {name: admin, port: 9377}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  podManagementPolicy: Parallel
  replicas: 3
  selector:
    matchExpressions: [{key: set, operator: In, values: [peers]}]
  template:
    metadata: {labels: {app: db, set: peers}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: db
        image: registry.k8s.io/e2e-test-images/agnhost:2.53
        args: [serve-hostname, --port=9376]
        readinessProbe: {tcpSocket: {port: 9376}, periodSeconds: 1}
YAML
kubectl rollout status sts/db
