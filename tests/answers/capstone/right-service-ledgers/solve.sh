kubectl create service clusterip ledgers -n hall --clusterip=None --tcp=80
kubectl set selector service ledgers -n hall app=ledger
kubectl get configmap seats -n hall -o yaml | sed s/ledger-0.ledger.hall/ledger-0.ledgers.hall/ | kubectl replace -f -
kubectl expose deployment web -n box --name website --port 80
kubectl create service externalname seats -n box --external-name seats.hall.svc.cluster.local
kubectl rollout restart deployment -n hall seats
kubectl rollout restart deployment -n box web
kubectl rollout status deployment -n hall seats; kubectl rollout status deployment -n box web
