kubectl patch service backend -p '{"spec":{"selector":{"app":"backend"},"ports":[{"port":80,"targetPort":80}]}}'
