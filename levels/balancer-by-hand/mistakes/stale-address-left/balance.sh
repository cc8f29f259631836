# Sends each listener to one of the nodes of nodes.txt, in turn.
count=$(wc -l < nodes.txt)
turn=$(($(date +%s) % count + 1))
node=$(sed -n "${turn}p" nodes.txt)
curl -sS -m 2 "http://$node:30080" || curl -sS -m 2 "http://192.168.49.2:30080"
