kubectl get pods -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.status.podIP}{"\n"}{end}' | grep ^testpod | while read name ip; do
  sed -i "/value: $name\$/s/$name/$ip/" client.yaml
done
cat client.yaml | kubectl replace --force -f -
