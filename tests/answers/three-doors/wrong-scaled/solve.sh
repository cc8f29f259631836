kubectl set image deployment guide '*=echoservr:1.4'
sleep 10
