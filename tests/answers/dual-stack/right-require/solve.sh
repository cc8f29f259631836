kubectl patch service parcels -p '{"spec":{"ipFamilyPolicy":"RequireDualStack"}}'
