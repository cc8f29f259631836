# Sends each listener to the first node that answers.
for node in $(cat nodes.txt); do
  curl -sS -m 2 "http://$node:30080" && exit
done
exit 1
