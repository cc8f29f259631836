kubectl delete service db
kubectl create -f - <<'YAML'
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"},
 "spec": {"clusterIP": "None", "selector": {"app": "db"}, "publishNotReadyAddresses": true,
          "ports": [{"name": "tcp", "port": 9376}]}}
YAML
