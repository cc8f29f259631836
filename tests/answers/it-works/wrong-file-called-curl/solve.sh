kubectl wait --for=condition=Ready pod/library
kubectl exec library -c clerk -- sh -c 'printf "#!/bin/sh\necho It works!\n" > /usr/bin/curl; chmod +x /usr/bin/curl'