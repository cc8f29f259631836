kubectl delete ingress post
kubectl create ingress post --class=nginx --rule="post.example/*=counter:80,tls=post-tls"
