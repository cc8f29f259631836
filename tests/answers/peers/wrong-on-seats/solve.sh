kubectl patch service seats -p '{"spec":{"publishNotReadyAddresses":true}}'
sleep 20
