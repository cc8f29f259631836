for i in 0 1 2; do
  kubectl expose pod db-$i --name=db-$i --port=9376
done
