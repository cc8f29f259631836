NODE_PORT=30080
curl -sS -m 2 "http://$1:$NODEPORT"
