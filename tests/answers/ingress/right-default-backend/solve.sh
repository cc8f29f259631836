kubectl patch ingress kino --type=merge -p '{"spec":{"ingressClassName":"nginx","defaultBackend":{"service":{"name":"programme","port":{"number":80}}},"rules":[{"host":"kino.example","http":{"paths":[{"path":"/tickets","pathType":"Prefix","backend":{"service":{"name":"tickets","port":{"number":8000}}}}]}}]}}'
sleep 3
