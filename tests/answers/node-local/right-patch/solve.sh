kubectl patch service thermo -p '{"spec":{"internalTrafficPolicy":"Local"}}'
