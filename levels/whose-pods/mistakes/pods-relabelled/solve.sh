kubectl label pods -l shows=posters app=posters --overwrite
