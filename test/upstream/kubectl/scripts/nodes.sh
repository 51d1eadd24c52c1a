printf 'apiVersion: v1\nkind: Node\nmetadata: { name: node-%s, labels: { node-role.kubernetes.io/worker: "" } }\nstatus: { capacity: { cpu: "4", memory: 8Gi, pods: "110" } }\n' $NS | kubectl create -f -
kubectl cordon node-$NS
kubectl cordon node-$NS
kubectl uncordon node-$NS
kubectl uncordon node-$NS
kubectl taint node node-$NS a=b:NoSchedule
kubectl taint node node-$NS a=c:NoSchedule
kubectl taint node node-$NS a=c:NoSchedule --overwrite
kubectl taint node node-$NS a=c:Sometimes
kubectl taint node node-$NS x:NoExecute
kubectl taint node node-$NS a-
kubectl taint node node-$NS a-
kubectl taint node node-$NS x:NoExecute-
kubectl run idle --image=example.test/idle:1 --overrides='{"spec":{"nodeName":"node-'$NS'","terminationGracePeriodSeconds":0}}'
kubectl drain node-$NS --dry-run=server
kubectl drain node-$NS
kubectl drain node-$NS --force --timeout=5s --skip-wait-for-delete-timeout=1
kubectl drain absent
kubectl get node node-$NS
kubectl get node node-$NS -o wide
kubectl describe node node-$NS --show-events=false
kubectl label node node-$NS x=y
kubectl top nodes
kubectl top pods
kubectl delete node node-$NS
