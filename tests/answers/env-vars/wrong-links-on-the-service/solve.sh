kubectl annotate service rates enableServiceLinks=true
kubectl rollout restart deployment counter machine
kubectl rollout status deployment/counter
