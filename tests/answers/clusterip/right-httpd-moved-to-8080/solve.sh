kubectl patch deployment backend --patch '
spec:
  template:
    spec:
      containers:
      - name: httpd
        command: [httpd-foreground, -c, Listen 8080]
'
kubectl rollout status deployment/backend --timeout=90s
