kubectl label pod scope-1 see=me
kubectl create service nodeport see --tcp=80 --node-port=31111
kubectl set selector svc see see=me
cat > look.sh <<'SH'
curl -sS -m 2 "http://$1:31111/"
SH
