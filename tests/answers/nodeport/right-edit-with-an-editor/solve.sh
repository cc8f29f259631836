EDITOR='sed -i s/ClusterIP$/NodePort/' kubectl edit svc web
NODEPORT=$(kubectl get svc web -o json | jq '.spec.ports[] | select(.port == 80).nodePort')
echo 'curl -sS -m 2 "http://$1:'$NODEPORT'"' > visit.sh
