ip=$(kubectl get svc backend -o jsonpath='{.spec.clusterIP}')
kubectl replace -f - <<YAML
apiVersion: v1
kind: Service
metadata:
  name: backend
spec:
  clusterIP: $ip
  selector: {app: backend}
  ports:
  - name: http
    port: 80
    targetPort: http
YAML
