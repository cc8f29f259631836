kubectl create service nodeport guide-out --tcp=80:8080 --node-port=31000
kubectl set selector svc guide-out app=guide
