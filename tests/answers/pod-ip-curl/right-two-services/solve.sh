kubectl expose pod testpod1 --port=80
kubectl expose pod testpod2 --port=80
