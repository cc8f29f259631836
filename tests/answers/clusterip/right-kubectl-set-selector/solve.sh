kubectl set selector svc backend app=backend
kubectl patch svc backend -p '{"spec":{"ports":[{"port":80,"targetPort":"http"}]}}'
