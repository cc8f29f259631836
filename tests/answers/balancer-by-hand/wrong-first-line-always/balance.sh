node=$(head -n 1 nodes.txt)
curl -sS -m 2 http://$node:30080
