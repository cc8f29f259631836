kubectl create configmap rates --from-literal=RATES_SERVICE_HOST=rates.default.svc.cluster.local --from-literal=RATES_SERVICE_PORT=80
for d in counter machine; do kubectl patch deployment $d -p '{"spec":{"template":{"spec":{"containers":[{"name":"client","envFrom":[{"configMapRef":{"name":"rates"}}]}]}}}}'; done
kubectl rollout status deployment counter; kubectl rollout status deployment machine
