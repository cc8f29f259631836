for node in $(shuf nodes.txt); do
  curl -sS -m 2 "http://$node:30080"
done
