kubectl label pods -l app=backend app=backnd --overwrite
kubectl patch svc backend -p '{"spec":{"ports":[{"port":80,"targetPort":80}]}}'
sleep 10
