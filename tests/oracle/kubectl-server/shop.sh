kubectl apply -f shop.yaml
kubectl annotate ns shop k=v
kubectl cordon node-3
kubectl taint node node-2 gpu=a:NoExecute x=y:PreferNoSchedule
sleep 70
kubectl set image deploy/web nginx=nginx:1.26
sleep 30
