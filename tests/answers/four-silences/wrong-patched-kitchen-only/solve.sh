kubectl patch service kitchen --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":9898}]'
