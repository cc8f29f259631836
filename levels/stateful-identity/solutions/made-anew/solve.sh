kubectl replace --force -f stack.yaml
