kubectl patch service lab -p '{"spec":{"externalName":"api.example.org"}}'
kubectl set env deployment surgery ORDERS_URL=http://lab/orders RESULTS_URL=https://api.example.org/results
kubectl rollout status deployment surgery
