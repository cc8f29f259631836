kubectl rollout restart deployment counter
kubectl rollout status deployment counter
kubectl delete service rates
kubectl expose deployment rates --port=80 --target-port=9898
