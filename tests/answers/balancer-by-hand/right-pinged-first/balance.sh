count=$(wc -l < nodes.txt)
turn=$(($(date +%s) % count + 1))
node=$(sed -n "${turn}p" nodes.txt)
until ping -c 1 -W 1 $node > /dev/null; do
  turn=$((turn % count + 1))
  node=$(sed -n "${turn}p" nodes.txt)
done
curl -sS -m 2 "http://$node:30080"
