kubectl label deployment backend tier=web
