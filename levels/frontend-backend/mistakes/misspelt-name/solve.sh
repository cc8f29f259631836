kubectl rollout restart deployment front
