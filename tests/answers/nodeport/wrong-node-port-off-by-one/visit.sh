# Fetches the page through the node whose address is given.
curl -sS -m 2 "http://$1:30081"
