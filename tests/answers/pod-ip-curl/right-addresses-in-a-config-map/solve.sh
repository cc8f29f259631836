a=$(kubectl get pod testpod1 -o jsonpath='{.status.podIP}')
b=$(kubectl get pod testpod2 -o jsonpath='{.status.podIP}')
kubectl create configmap targets --from-literal=TARGET1=$a --from-literal=TARGET2=$b
kubectl delete pod client --now
kubectl apply -f - <<'X'
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  containers:
  - name: client
    image: curlimages/curl
    command: [sleep, infinity]
    envFrom: [{configMapRef: {name: targets}}]
X
kubectl wait --for=condition=Ready pod client
