# Asks every node first, and sends the listener to one of those that answer.
for node in $(cat nodes.txt); do
  curl -s -m 1 -o /dev/null "http://$node:30080" && alive="$alive $node"
done
set -- $alive
shift $(($(date +%s) % $#))
curl -sS -m 2 "http://$1:30080"
