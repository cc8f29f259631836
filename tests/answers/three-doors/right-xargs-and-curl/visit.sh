kubectl get nodes -o wide --no-headers | awk '{print $6}' | xargs -I{} curl -sS -m 2 -o /dev/null http://{}:31000
