kubectl label endpointslice station-1 --overwrite kubernetes.io/service-name=station
kubectl patch endpointslice station-1 --type=json -p '[{"op":"replace","path":"/ports/0/port","value":80},{"op":"replace","path":"/endpoints/0/addresses/0","value":"203.0.113.20"}]'
