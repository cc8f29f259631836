kubectl rollout status ds/web-everywhere
