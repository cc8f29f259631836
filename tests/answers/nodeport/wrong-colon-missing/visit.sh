curl -sS -m 2 "http://$130080"
