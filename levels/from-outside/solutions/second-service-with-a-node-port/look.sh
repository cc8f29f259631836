# Looks through telescope 1. $1 is the address of a node.
curl -sS -m 2 "http://$1:30081"
