kubectl patch service kitchen -p '{"spec":{"ports":[{"port":80,"targetPort":9898}]}}'
kubectl patch service laundry --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":80}]'
kubectl expose service sauna --name=spa --target-port=9898
kubectl set selector service garden app=garden
