kubectl run keeper --image=registry.k8s.io/e2e-test-images/agnhost:2.53 --labels=app=ferry,keeps=baskets -- netexec --http-port=8080
kubectl wait --for=condition=Ready pod keeper
kubectl set selector service basket keeps=baskets
