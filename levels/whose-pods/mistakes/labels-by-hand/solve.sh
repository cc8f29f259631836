kubectl label pods -l sells=seats counter=open
