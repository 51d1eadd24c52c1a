kubectl apply -f deployment.yaml
kubectl apply -f all.yaml
kubectl apply -f pod.yaml
kubectl get all
kubectl get all -o wide
kubectl get all -o name
kubectl get deployments,cm,secrets,svc,sa,pvc,quota,limits,ing,netpol,pdb,hpa,cj,jobs,sts,ds,rc,podtemplates,roles,rolebindings,leases,endpointslices,ep,controllerrevisions
kubectl get deployments,cm,secrets,svc,sa,pvc,quota,limits,ing,netpol,pdb,hpa,cj,jobs,sts,ds,rc,podtemplates,roles,rolebindings,leases,endpointslices -o wide
kubectl get deployment web -o yaml
kubectl get pod p -o json
kubectl get pod p -o yaml
kubectl get svc web -o yaml
kubectl get secret hidden -o yaml
kubectl get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.spec.containers[*].image}{"\n"}{end}'
kubectl get pods -o jsonpath-as-json='{.items[*].metadata.labels}'
kubectl get pods -o custom-columns=NAME:.metadata.name,IMAGES:.spec.containers[*].image,NODE:.spec.nodeName
kubectl get pods -o go-template='{{range .items}}{{.metadata.name}} {{.status.phase}}{{"\n"}}{{end}}'
kubectl get pods --show-labels
kubectl get pods -L app,tier
kubectl get pods -l 'app in (p,q),tier!=back'
kubectl get pods -l app=none
kubectl get pods --field-selector status.phase=Pending
kubectl get pods --field-selector nothing=here
kubectl get pods --sort-by=.metadata.name
kubectl get pods --no-headers
kubectl get pods --show-kind
kubectl get pods -A -l app=p
kubectl get pods p absent
kubectl get pods absent --ignore-not-found
kubectl get nothing
kubectl get pods.v1. p
kubectl get deployments.apps/web svc/web -o name
kubectl get deployment web --subresource=status
kubectl get deployment web --subresource=scale
kubectl get deployment web --subresource=scale -o yaml
kubectl get pods --chunk-size=1
kubectl get pods -o wide --watch-only --request-timeout=1s
kubectl get cm settings -o=jsonpath='{.data}'
kubectl get -f deployment.yaml -o name
kubectl get --raw /api/v1/namespaces/$NS/configmaps/settings | tr '{},' '\n' | sort | grep .
kubectl get --raw /apis/absent
kubectl get namespaces $NS
kubectl get sc,pv,csidrivers,csinodes,ingressclasses,runtimeclasses,priorityclasses
kubectl get flowschemas
kubectl get prioritylevelconfigurations
kubectl get clusterroles
kubectl get clusterrolebindings -o wide
kubectl get apiservices
kubectl get servicecidrs
kubectl get events --field-selector involvedObject.name=none
kubectl get pods p -o yaml --output-watch-events
kubectl get pods p -o wrong
