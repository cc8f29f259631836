kubectl patch service door -p '{"spec":{"internalTrafficPolicy":"Local"}}'
