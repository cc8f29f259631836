curl -sS --fast -m 2 "http://$1:30080"
