# Fetches the page through the node whose address is given.
port=$(kubectl describe service web | awk '/NodePort:/ {print $3}' | cut -d/ -f1)
curl -sS --max-time 2 "$1:$port"
