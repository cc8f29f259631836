# A Deployment of its own keeps the baskets, and its pod serves the timetable like the others.
cat <<'EOF' | kubectl apply -f -
apiVersion: apps/v1
kind: Deployment
metadata:
  name: keeper
spec:
  selector:
    matchLabels:
      keeps: baskets
  template:
    metadata:
      labels:
        app: ferry
        keeps: baskets
    spec:
      containers:
      - name: tickets
        image: registry.k8s.io/e2e-test-images/agnhost:2.53
        args: [netexec, --http-port=8080]
EOF
kubectl rollout status deployment keeper
kubectl set selector service basket keeps=baskets
