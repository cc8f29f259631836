sed -i "18,\$ s/hostname: node-1/hostname: node-2/" domes.yaml
kubectl replace --force -f domes.yaml
kubectl wait --for=condition=Ready pod/north-dome pod/south-dome
