# Asks for the guide at every node of the cluster.
for a in 192.168.49.2 192.168.49.3 192.168.49.4; do
  curl -sS -m 2 http://$a:30080 || exit
done
