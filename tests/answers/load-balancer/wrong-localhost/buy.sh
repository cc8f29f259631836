curl -sS -m 2 "http://localhost:80"
