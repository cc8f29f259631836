kubectl patch svc parcels -p '{"spec":{"clusterIPs":["10.96.10.10","fd00:10:96::abcd"]}}'
