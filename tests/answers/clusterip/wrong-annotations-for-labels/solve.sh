kubectl annotate pods -l app=backend tier=web
