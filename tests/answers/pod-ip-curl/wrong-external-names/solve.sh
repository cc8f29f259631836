kubectl create service externalname testpod1 --external-name=testpod1.default.pod.cluster.local
kubectl create service externalname testpod2 --external-name=testpod2.default.pod.cluster.local
