for pod in testpod1 testpod2; do
  kubectl create service clusterip $pod --clusterip=None --tcp=80
done
