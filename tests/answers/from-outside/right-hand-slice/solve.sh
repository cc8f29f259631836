ip=$(kubectl get pod scope-1 -o jsonpath={.status.podIP})
kubectl apply -f - <<X
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {type: NodePort, ports: [{port: 80, nodePort: 30090}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: one-1, labels: {kubernetes.io/service-name: one}}
addressType: IPv4
ports: [{port: 80}]
endpoints: [{addresses: [$ip], targetRef: {kind: Pod, name: scope-1, namespace: default}}]
X
