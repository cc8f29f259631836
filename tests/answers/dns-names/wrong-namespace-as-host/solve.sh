kubectl set env -n lending deployment/desk CATALOGUE_URL=http://default/catalogue
kubectl set env -n lending deployment/van CATALOGUE_URL=http://catalogue.default.svc.cluster.local
