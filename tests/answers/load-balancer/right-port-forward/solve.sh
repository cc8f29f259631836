kubectl port-forward svc/tickets 8080:80 &
sleep 2
