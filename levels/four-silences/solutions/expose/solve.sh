kubectl delete service kitchen laundry sauna garden
for name in kitchen laundry spa garden; do
  kubectl expose deployment $name --port=80 --target-port=9898
done
