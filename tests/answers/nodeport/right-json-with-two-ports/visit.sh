#!/bin/sh
curl -sS --max-time 2 "http://${1}:32080/index.html"
