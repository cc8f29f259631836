kubectl annotate service thermo service.kubernetes.io/topology-mode=Auto
