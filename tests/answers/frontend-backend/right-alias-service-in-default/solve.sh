kubectl create service externalname bikes --external-name=bikes.depot.svc.cluster.local
kubectl rollout restart deployment front
kubectl rollout status deploy/front
