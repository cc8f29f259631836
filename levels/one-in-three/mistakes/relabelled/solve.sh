kubectl label pod -l release=1 app=archive --overwrite
