# Fetches the page through the node whose address is given.
kubectl port-forward service/web 8080:80 >/dev/null &
sleep 1
curl -sS -m 2 http://localhost:8080
kill %1
