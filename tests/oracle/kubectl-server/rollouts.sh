kubectl apply -f rollouts.yaml
sleep 10
kubectl rollout pause deploy web
kubectl set image deploy/web nginx=nginx:1.28
kubectl set image sts/sts c=nginx:nope
kubectl set image ds/ds c=nginx:1.28
kubectl create deployment stuck --image=nginx:doesnotexist-1 --replicas=3
kubectl patch deploy stuck -p '{"spec":{"progressDeadlineSeconds":5}}'
kubectl create deployment zero --image=nginx:1.27 --replicas=0
sleep 30
