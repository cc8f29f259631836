# Fetches the page through the node whose address is given.
curl -sS -m 2 "http://$2:30080"
