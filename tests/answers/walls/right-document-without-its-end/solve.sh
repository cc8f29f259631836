cat <<END | kubectl apply -f -
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: gate}
spec:
  podSelector: {matchLabels: {app: records}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: reception}}}]
