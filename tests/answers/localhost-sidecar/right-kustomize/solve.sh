mkdir -p k && cp multi.yaml k/pod.yaml && cd k
cat > kustomization.yaml <<'YAML'
resources:
- pod.yaml
patches:
- target: {kind: Pod, name: multi}
  patch: |-
    - op: replace
      path: /spec/containers/1/args/2
      value: while true; do curl -sS http://localhost; sleep 5; done
YAML
kubectl delete pod multi --now
kubectl kustomize . | kubectl apply -f -
