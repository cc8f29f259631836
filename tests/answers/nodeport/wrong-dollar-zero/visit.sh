curl -sS -m 2 "http://$0:30080"
