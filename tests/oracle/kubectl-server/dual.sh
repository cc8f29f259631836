kubectl apply -f dual.yaml
sleep 20
