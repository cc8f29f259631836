kubectl delete service thermo
kubectl apply -f thermo.yaml
