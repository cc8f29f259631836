# Sends each listener to one of the nodes of nodes.txt, in turn; to the next one if it is silent.
count=$(wc -l < nodes.txt)
now=$(date +%s)
for try in $(seq $count); do
  turn=$(((now + try) % count + 1))
  node=$(sed -n "${turn}p" nodes.txt)
  curl -sS -m 2 "http://$node:30080" && exit
done
exit 1
