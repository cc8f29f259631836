kubectl replace --force -f db.yaml
sleep 20
