#!/bin/sh
ip=$(kubectl get pods -l app=sorting -o jsonpath='{.items[0].status.podIP}')
port=8080
kubectl exec letterbox -- curl -sS -m 2 "http://$ip:$port/"
