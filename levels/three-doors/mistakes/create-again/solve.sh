kubectl create service nodeport guide --tcp=80:8080 || true
