kubectl apply -f - <<X
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec:
  limits:
  - type: Container
    max: {cpu: "1"}
X
kubectl rollout restart deploy backend