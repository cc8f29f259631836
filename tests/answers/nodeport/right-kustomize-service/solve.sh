mkdir base; cp web.yaml base/
cat > base/kustomization.yaml <<'K'
resources: [web.yaml]
patches:
- patch: |
    apiVersion: v1
    kind: Service
    metadata: {name: web}
    spec:
      type: NodePort
      ports: [{port: 80, nodePort: 30303}]
K
kubectl apply -k base
sed -i "s|http://\$1:80|http://\$1:30303|" visit.sh
