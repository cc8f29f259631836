kubectl label pod multi app=multi
kubectl expose pod multi --name=nginx --port=8080 --target-port=80
