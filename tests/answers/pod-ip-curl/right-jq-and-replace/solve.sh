one=$(kubectl get pod testpod1 -o jsonpath='{.status.podIP}')
two=$(kubectl get pod testpod2 -o jsonpath='{.status.podIP}')
kubectl get pod client -o json |
  jq --arg one $one --arg two $two '{apiVersion, kind, metadata: {name: .metadata.name},
    spec: {containers: [.spec.containers[0] | {name, image, command,
      env: [{name: "TARGET1", value: $one}, {name: "TARGET2", value: $two}]}]}}' > client.json
kubectl replace --force -f client.json
