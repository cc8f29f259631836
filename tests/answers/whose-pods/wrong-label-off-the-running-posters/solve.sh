kubectl label pod -l shows=posters app-
sleep 3
