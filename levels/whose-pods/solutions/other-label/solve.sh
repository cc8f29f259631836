kubectl set selector service tickets sells=seats
