kubectl apply -f /dev/stdin <<X
apiVersion: v1
kind: Service
metadata: {name: backend}
spec: {selector: {app: backend}, ports: [{port: 80, targetPort: http}]}
X
