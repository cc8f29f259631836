# Nothing is edited: the file is mended on its way to the cluster, then the number is changed there.
sed 's/countre/counter/' counter.yaml | kubectl create -f -
kubectl scale replicaset counter --replicas=1
