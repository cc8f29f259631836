node=$1
curl -sS -m 2 "$node:31234"
