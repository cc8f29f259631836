minikube tunnel &
sleep 5
