kubectl patch networkpolicy archive --type=json -p '[
  {"op": "remove", "path": "/spec/ingress/0/from/1"},
  {"op": "add", "path": "/spec/ingress/0/from/0/podSelector", "value": {"matchLabels": {"role": "librarian"}}}]'
