kubectl patch deployment pharmacy-archive --type=json -p '[{"op":"replace","path":"/spec/template/spec/volumes/0/configMap/name","value":"doses-v2"}]'
kubectl rollout status deploy/pharmacy-archive
