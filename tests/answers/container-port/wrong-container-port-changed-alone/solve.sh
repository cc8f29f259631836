kubectl get pod sorting -o json > s.json
sed -i 's/"containerPort": 80,/"containerPort": 8080,/' s.json
kubectl replace --force -f s.json
sleep 5
