kubectl replace --force -f db.yaml
