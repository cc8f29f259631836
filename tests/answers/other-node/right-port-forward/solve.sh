cat > round.sh <<'Y'
for pier in north south island; do
  kubectl port-forward pod/$pier 8000:5678 >/dev/null & p=$!
  sleep 1; curl -sS -m 2 http://localhost:8000; kill $p; wait $p 2>/dev/null
done
true
Y
