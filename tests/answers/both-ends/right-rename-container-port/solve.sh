kubectl patch service lab --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":"web"}]'
kubectl patch deployment lab --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/ports/0/name","value":"web"}]'
kubectl rollout status deployment lab
