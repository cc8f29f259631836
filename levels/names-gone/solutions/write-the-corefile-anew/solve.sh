kubectl apply -f - <<'END'
apiVersion: v1
kind: ConfigMap
metadata:
  name: coredns
  namespace: kube-system
data:
  Corefile: |
    .:53 {
        errors
        health
        ready
        kubernetes cluster.local in-addr.arpa ip6.arpa
        forward . 203.0.113.53
        cache 30
    }
END
kubectl scale deployment -n kube-system coredns --replicas=1
# Pods that run already keep what they have read.
kubectl rollout restart deployment -n kube-system coredns
kubectl rollout status deployment -n kube-system coredns
