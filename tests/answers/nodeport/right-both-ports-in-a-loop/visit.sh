for p in 80 30080; do curl -sS -m 2 http://$1:$p && exit 0; done; exit 1
