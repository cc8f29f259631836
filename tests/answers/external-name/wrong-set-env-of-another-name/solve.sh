kubectl set env deploy/surgery ORDER_URL=http://lab/orders RESULTS_URL=https://api.example.org/results
kubectl rollout status deploy/surgery
