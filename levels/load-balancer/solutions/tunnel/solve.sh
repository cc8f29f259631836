minikube tunnel &
sleep 3
