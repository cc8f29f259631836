kubectl delete pod backend
kubectl create deployment backend --image httpd -r 3
kubectl create service nodeport backend --tcp=80 --node-port=30080
kubectl set env -f client.yaml --local -o yaml TARGET=192.168.49.2:30080 | kubectl replace --force -f -
