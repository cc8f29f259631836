# A pod of its own has all ports to itself. A later chapter's answer gives it a name.
kubectl expose pod programme --port=80
