cd /opt/web || exit 3
curl -sS -m 2 "http://$1:30080"
