kubectl patch service ledger -p '{"spec":{"publishNotReadyAddresses":true}}'
