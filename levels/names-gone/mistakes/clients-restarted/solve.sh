kubectl get pod kiosk office -o yaml | kubectl replace --force -f -
