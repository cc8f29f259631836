kubectl label node node-1 kitchen=yes
kubectl taint node node-2 heat=high:NoSchedule
kubectl apply -f canteen.yaml
sleep 50
kubectl annotate deploy till kubernetes.io/change-cause='first menu'
kubectl set image deploy/till nginx=nginx:1.28
kubectl annotate deploy till kubernetes.io/change-cause='second menu' --overwrite
kubectl set env sts/oven HEAT=high
sleep 25
kubectl set image deploy/till nginx=nginx:bad
sleep 20
kubectl create deployment side -n canteen --image=nginx:1.27 --replicas=2
kubectl expose deploy side -n canteen --port=80
sleep 10
