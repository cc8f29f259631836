kubectl delete networkpolicy archive
kubectl apply -f - <<X
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: librarians}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [archive]}]}
  ingress:
  - from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [reading-room]}]}, podSelector: {matchExpressions: [{key: role, operator: Exists}, {key: role, operator: NotIn, values: [visitor]}]}}]
X
