# The file stays as it is; the Deployment is changed in the cluster.
kubectl patch deployment hire -p '{"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": null}}}'
