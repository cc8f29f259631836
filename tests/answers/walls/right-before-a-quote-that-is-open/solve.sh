kubectl patch networkpolicy records --type=json -p '[{"op":"add","path":"/spec/ingress","value":[{"from":[{"podSelector":{"matchLabels":{"app":"reception"}}}]}]}]'
echo "done
