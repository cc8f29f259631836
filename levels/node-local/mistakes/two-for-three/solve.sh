kubectl delete daemonset thermo
