kubectl delete networkpolicy till
