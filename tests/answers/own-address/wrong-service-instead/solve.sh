kubectl label pod south-dome dome=south
kubectl expose pod south-dome --type=NodePort --port=8080
