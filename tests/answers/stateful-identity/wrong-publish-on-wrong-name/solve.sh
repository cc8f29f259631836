kubectl expose statefulset stack --name=stacks --cluster-ip=None --port=80
