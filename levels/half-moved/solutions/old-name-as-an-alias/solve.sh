# nginx has looked the name up once, when it started.
kubectl rollout restart deployment -n shop web
kubectl rollout status deployment -n shop web
