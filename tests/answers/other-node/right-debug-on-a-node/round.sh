# The morning round: every pier is asked for its timetable.
for pier in north south island; do
  address=$(kubectl get pod $pier -o jsonpath={.status.podIP})
  kubectl debug node/node-1 -it --image=curlimages/curl -- curl -sS -m 2 http://$address:5678
done
