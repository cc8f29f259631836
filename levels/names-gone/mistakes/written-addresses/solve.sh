ip=$(kubectl get svc timetable -o jsonpath={.spec.clusterIP})
kubectl get pod kiosk -o json | jq '.spec.hostAliases=[{ip:"'$ip'",hostnames:["timetable"]}]' | kubectl replace --force -f -
kubectl get pod office -o json | jq '.spec.dnsPolicy="Default"' | kubectl replace --force -f -
kubectl wait pod --all --for=condition=ready
