# Fetches the page through the node whose address is given.
kubectl run visit-$(date +%s%N) --rm -i --restart=Never --image=curlimages/curl -- -sS -m 2 http://web
