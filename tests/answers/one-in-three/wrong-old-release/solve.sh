kubectl get pods --show-labels
kubectl set selector service doses app=doses,release=1
