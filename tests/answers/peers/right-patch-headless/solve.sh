kubectl patch service ledger -p '{"spec":{"publishNotReadyAddresses":true}}'
sleep 40
