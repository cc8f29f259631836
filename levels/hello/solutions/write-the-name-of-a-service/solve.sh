# A later chapter's answer: a Service gives the bakery a name, and leads its port 8080 to port 80.
kubectl expose pod bakery --port=8080 --target-port=80
