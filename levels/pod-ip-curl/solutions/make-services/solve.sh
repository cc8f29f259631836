# A Service gives a name and an address that stay: a later level's answer works here too.
kubectl expose pod testpod1 --port=80
kubectl expose pod testpod2 --port=80
