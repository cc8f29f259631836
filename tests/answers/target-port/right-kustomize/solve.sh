mkdir -p k; cp sky.yaml k/
cat > k/kustomization.yaml <<Y
resources: [sky.yaml]
patches:
- target: {kind: Service, name: sky}
  patch: |-
    - {op: replace, path: /spec/ports, value: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 9000, targetPort: 9898}]}
Y
kubectl apply -k k
