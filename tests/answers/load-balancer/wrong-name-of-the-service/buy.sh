curl -sS -m 2 "http://tickets"
