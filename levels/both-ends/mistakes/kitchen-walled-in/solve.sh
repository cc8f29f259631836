kubectl delete netpol lab
kubectl patch netpol surgery -n practice --type json -p '[{"op":"add","path":"/spec/egress/-","value":{"to":[{"namespaceSelector":{},"podSelector":{"matchLabels":{"app":"lab"}}}]}},{"op":"replace","path":"/spec/egress/2/to/0/ipBlock/except","value":["203.0.113.10/32"]}]'
kubectl create -f - <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: kitchen, namespace: practice}
spec: {podSelector: {matchLabels: {app: kitchen}}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}
E
