kubectl create service externalname spa --external-name sauna.default.svc.cluster.local
