sed -i 's/name: website/name: web/' door.yaml; sed -i 's/targetPort: 8080/targetPort: 80/; s,http://seats/,http://seats.hall/,' web.yaml
sed 's/name: ledger$/name: ledgers/' ledger.yaml | sed '/^---/,$d' > names.yaml
sed -i 's/ledger-0.ledger.hall/ledger-0.ledgers.hall/' seats.yaml
kubectl apply -f door.yaml -f web.yaml -f names.yaml -f seats.yaml
kubectl delete netpol seats -n hall
kubectl label pod street out=no
kubectl create -f - <<E
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: street}
spec: {podSelector: {matchLabels: {out: "no"}}, policyTypes: [Egress], egress: [{ports: [{port: 53, protocol: UDP}]}]}
E
kubectl rollout restart deploy seats -n hall; kubectl rollout status deploy seats -n hall
kubectl rollout restart deploy web -n box; kubectl rollout status deploy web -n box
