kubectl patch networkpolicy records --type=json -p '[{"op":"add","path":"/spec/ingress","value":[{"from":[{"ipBlock":{"cidr":"192.168.49.0/24"}}]}]}]'
