kubectl create service clusterip catalogue -n lending --tcp=80:9898
kubectl patch service catalogue -n lending --type=json -p '[{"op":"remove","path":"/spec/selector"}]'
kubectl get endpointslices -l kubernetes.io/service-name=catalogue -o json | jq '.items[0] | {apiVersion,kind,addressType,ports:[{name:"80-9898",port:9898,protocol:"TCP"}],endpoints:[.endpoints[]|{addresses}],metadata:{name:"catalogue-x",namespace:"lending",labels:{"kubernetes.io/service-name":"catalogue"}}}' | kubectl apply -f -
