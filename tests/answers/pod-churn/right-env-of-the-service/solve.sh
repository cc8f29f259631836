kubectl create deployment httpd --image=httpd --dry-run=client -o yaml | sed 's/app: httpd/app: backend/' | kubectl apply -f -
kubectl create service clusterip backend --tcp=80:80
kubectl delete pod client --now
kubectl run client --image=curlimages/curl --env='TARGET=$(BACKEND_SERVICE_HOST)' --command -- sleep infinity
kubectl wait --for=condition=Ready pod/client
