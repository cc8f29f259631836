kubectl delete svc sky
kubectl expose deploy sky --port 80 --target-port 8080
kubectl expose deploy sky --name sky-weather --port 9000 --target-port 9898
