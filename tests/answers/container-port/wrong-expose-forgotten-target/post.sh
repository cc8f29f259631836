kubectl exec letterbox -- curl -sS -m 2 http://sorting:80
