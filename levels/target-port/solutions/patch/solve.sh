kubectl patch service sky --type=json -p '[{"op":"replace","path":"/spec/ports","value":[{"name":"pictures","port":80,"targetPort":8080},{"name":"weather","port":9000,"targetPort":9898}]}]'
