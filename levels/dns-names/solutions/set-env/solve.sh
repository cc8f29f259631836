kubectl set env -n lending deployment desk CATALOGUE_URL=http://catalogue.default.svc
kubectl set env -n lending deployment van CATALOGUE_URL=http://catalogue.default.svc.cluster.local
kubectl rollout status -n lending deployment desk
kubectl rollout status -n lending deployment van
