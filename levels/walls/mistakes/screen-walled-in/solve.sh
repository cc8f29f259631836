kubectl delete netpol records
kubectl create -f - <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: screen}
spec: {podSelector: {matchLabels: {app: screen}}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}
E
