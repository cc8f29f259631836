kubectl patch pod south-dome -p '{"spec":{"nodeSelector":{"kubernetes.io/hostname":"node-2"}}}'
