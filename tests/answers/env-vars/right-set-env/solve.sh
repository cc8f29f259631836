kubectl set env deployment/counter RATES_SERVICE_HOST=$(kubectl get svc rates -o jsonpath='{.spec.clusterIP}') RATES_SERVICE_PORT=80
kubectl set env deployment/machine RATES_SERVICE_HOST=$(kubectl get svc rates -o jsonpath='{.spec.clusterIP}') RATES_SERVICE_PORT=80
kubectl rollout status deployment/counter deployment/machine
