kubectl rollout status ds/thermo
kubectl rollout status ds/display
