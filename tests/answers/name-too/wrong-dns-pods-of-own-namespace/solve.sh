kubectl patch networkpolicy till --type=json -p '[{"op":"add","path":"/spec/egress/-","value":{"to":[{"podSelector":{"matchLabels":{"k8s-app":"kube-dns"}}}],"ports":[{"port":53,"protocol":"UDP"}]}}]'
