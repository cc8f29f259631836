kubectl patch networkpolicy records --type=merge -p '{"spec":{"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"reception"}}}]}]}}'
