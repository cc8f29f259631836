kubectl get service parcels -o json | jq '.spec |= (del(.clusterIP,.clusterIPs) | .ipFamilies=["IPv6"])' | kubectl replace --force -f -
