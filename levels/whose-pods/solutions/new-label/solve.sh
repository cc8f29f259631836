# A label of one's own, in both templates.
for hall in hall-one hall-two; do
  kubectl patch deployment $hall -p '{"spec":{"template":{"metadata":{"labels":{"counter":"open"}}}}}'
  kubectl rollout status deployment $hall
done
kubectl patch service tickets -p '{"spec":{"selector":{"counter":"open"}}}'
