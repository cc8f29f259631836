# Fetches the page through the node whose address is given.
curl -sS -m 2 "http://$1:30080" || curl -sS -m 2 http://192.168.49.2:30080
