kubectl patch service basket --type=json -p '[{"op":"add","path":"/spec/sessionAffinity","value":"ClientIP"}]'
kubectl patch service timetable --type=json -p '[{"op":"replace","path":"/spec/sessionAffinity","value":"None"},{"op":"remove","path":"/spec/sessionAffinityConfig"}]'
