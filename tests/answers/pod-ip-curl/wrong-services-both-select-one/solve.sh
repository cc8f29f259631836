kubectl expose pod testpod1 --port=80
kubectl expose pod testpod1 --port=80 --name=testpod2
