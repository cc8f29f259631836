# A Service that is called as the container is, in front of this very pod.
kubectl label pod multi app=multi
kubectl expose pod multi --name=nginx --port=80
