kubectl delete netpol till
kubectl patch svc radio --type json -p '[{"op":"remove","path":"/spec/selector"}]'
kubectl delete endpointslices -l kubernetes.io/service-name=radio
kubectl create -f - <<E
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: radio-x, labels: {kubernetes.io/service-name: radio}}
addressType: IPv4
ports: [{port: 80, name: ""}]
endpoints: [{addresses: [10.244.1.250]}]
E
