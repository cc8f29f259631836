kubectl set selector service backend app=backend
kubectl patch service backend --type=json -p '[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 80}]'
