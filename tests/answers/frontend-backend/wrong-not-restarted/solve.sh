kubectl rollout restart deploy/front
kubectl rollout status deploy/front
sed -i 's#depot:8080;#depot:8080/;#' front.yaml
kubectl apply -f front.yaml
