kubectl create -f - <<E
apiVersion: apps/v1
kind: Deployment
metadata: {name: decoy}
spec:
  replicas: 5
  selector: {matchLabels: {decoy: "yes"}}
  template:
    metadata: {labels: {app: tickets, decoy: "yes"}}
    spec: {nodeSelector: {kubernetes.io/hostname: node-3}, containers: [{name: c, image: curlimages/curl, command: [sleep, infinity], readinessProbe: {exec: {command: ["false"]}}}]}
E
sleep 5
