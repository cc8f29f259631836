curl -sS -m 2 "http://$1:30081"
