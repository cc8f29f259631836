kubectl rollout restart deploy/front
