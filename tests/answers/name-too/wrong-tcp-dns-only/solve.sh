kubectl patch networkpolicy till --type=json -p '[{"op":"add","path":"/spec/egress/-","value":{"ports":[{"port":53,"protocol":"TCP"}]}}]'
