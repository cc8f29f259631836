kubectl set selector service oven app=oven
