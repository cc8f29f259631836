#!/bin/bash
# Runs its arguments in a network of its own, with nginx and a name server beside them.
# As root: unshare --net --mount bash around.sh COMMAND...
set -e
# Nothing that it writes is seen outside, so that two recordings may run at once.
mount -t tmpfs tmpfs /tmp
mkdir -p /home/player && mount -t tmpfs tmpfs /home/player
here=$(cd "$(dirname "$0")" && pwd)
ip link set lo up
for address in 10.96.0.80 10.96.0.10; do ip addr add $address/32 dev lo; done
# What is sent elsewhere is lost, as in a cluster.
ip addr add 10.244.1.5/32 dev lo
ip route add default dev lo
printf 'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n' > /tmp/podhop-resolv
# The web server is asked from its own pod, or from that of BusyBox, which knows it by its Service alone.
own=web; case "$*" in *busybox*) own=busybox;; esac
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.244.1.5\t%s\n' $own > /tmp/podhop-hosts
mount --bind /tmp/podhop-resolv /etc/resolv.conf
mount --bind /tmp/podhop-hosts /etc/hosts
mkdir -p /tmp/podhop-nginx /usr/share/nginx/html
mount --bind "$here/html" /usr/share/nginx/html
cat > /tmp/podhop-nginx/nginx.conf <<CONF
user root;
pid /tmp/podhop-nginx/pid;
error_log /tmp/podhop-nginx/error.log;
events {}
http {
    access_log off;
    include /etc/nginx/mime.types;
    sendfile on;
    include $here/default.conf;
}
CONF
nginx -c /tmp/podhop-nginx/nginx.conf
python3 "$here/dns.py" & dns=$!
trap 'kill $dns; nginx -c /tmp/podhop-nginx/nginx.conf -s stop' EXIT
for try in $(seq 50); do
    dig +tries=1 +time=1 @10.96.0.10 web.default.svc.cluster.local > /dev/null 2>&1 && break
    sleep 0.2
done
"$@"
