# The posters' pods get another app label: the Deployment's selector does not ask for it.
kubectl patch deployment posters -p '{"spec":{"template":{"metadata":{"labels":{"app":"posters"}}}}}'
kubectl rollout status deployment posters
