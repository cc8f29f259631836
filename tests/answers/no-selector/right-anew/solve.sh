kubectl delete endpointslice station-1
cat <<Y | kubectl create -f -
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  generateName: station-
  labels: {kubernetes.io/service-name: station}
addressType: IPv4
ports: [{name: http, port: 80}]
endpoints: [{addresses: [203.0.113.20]}]
Y
