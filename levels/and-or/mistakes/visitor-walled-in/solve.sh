kubectl create -f - <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: visitor, namespace: reading-room}
spec: {podSelector: {matchLabels: {role: visitor}}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}
E
