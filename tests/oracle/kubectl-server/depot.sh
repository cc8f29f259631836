kubectl label node node-1 depot=north
kubectl taint node node-3 road=icy:NoSchedule
kubectl apply -f depot.yaml
kubectl annotate node node-2 wheels=four
sleep 60
