port=$(cat port.txt)
curl -sS -m 2 "http://$1:$port"
