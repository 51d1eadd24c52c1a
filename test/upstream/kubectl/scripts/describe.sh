kubectl apply -f deployment.yaml
kubectl apply -f all.yaml
kubectl apply -f pod.yaml
kubectl describe deployment web --show-events=false
kubectl describe pod p --show-events=false
kubectl describe cm settings
kubectl describe secret hidden
kubectl describe svc web
kubectl describe sa robot
kubectl describe pvc space
kubectl describe quota bounds
kubectl describe limits ranges
kubectl describe ing door --show-events=false
kubectl describe netpol fence
kubectl describe pdb budget --show-events=false
kubectl describe hpa scaler --show-events=false
kubectl describe cj nightly --show-events=false
kubectl describe job once --show-events=false
kubectl describe sts db --show-events=false
kubectl describe ds agent --show-events=false
kubectl describe rc old --show-events=false
kubectl describe podtemplate shape
kubectl describe role reader
kubectl describe rolebinding readers
kubectl describe lease turn
kubectl describe endpointslice web-1
kubectl describe namespace $NS
kubectl describe clusterrole view
kubectl describe clusterrole cluster-admin
kubectl describe clusterrolebinding cluster-admin
kubectl describe priorityclass system-node-critical
kubectl describe flowschema exempt
kubectl describe prioritylevelconfiguration workload-low
kubectl describe pods -l app=none
kubectl describe pod absent
kubectl describe nothing x
kubectl describe -f deployment.yaml --show-events=false
