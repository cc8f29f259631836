kubectl create service externalname catalogue -n lending --external-name=catalogue.default.svc.cluster.local
kubectl set env -n lending deployment/van CATALOGUE_URL=http://catalogue
kubectl rollout status -n lending deployment/van
