kubectl apply -f deployment.yaml
kubectl apply -f all.yaml
kubectl label deployment web a=b c=d
kubectl label deployment web a=e
kubectl label deployment web a=e --overwrite
kubectl label deployment web a-
kubectl label deployment web absent-
kubectl label deployment web 'bad label=x'
kubectl label deployment web a='!!'
kubectl label cm --all mark=x
kubectl label deployment web --list | sort
kubectl annotate deployment web note='some text'
kubectl annotate deployment web note=other
kubectl annotate deployment web note- --dry-run=server
kubectl annotate deployment web note-
kubectl annotate cm settings x=y -o yaml
kubectl scale deployment web --replicas=0
kubectl scale deployment web --replicas=1 --current-replicas=7
kubectl scale deployment web --replicas=0 --current-replicas=0
kubectl scale sts db rc old --replicas=0
kubectl scale cm settings --replicas=1
kubectl scale deployment absent --replicas=1
kubectl scale --replicas=0 -f deployment.yaml
kubectl autoscale deployment web --max=5 --cpu-percent=60
kubectl autoscale deployment web --min=2 --max=1 --name=bad
kubectl autoscale sts db --max=3 --dry-run=server -o yaml
kubectl get hpa web -o yaml
kubectl set image deployment/web main=example.test/web:7
kubectl set image deployment/web absent=example.test/web:7
kubectl set image deployment/web '*=example.test/web:8' --dry-run=server -o yaml
kubectl set env deployment/web B=2 A-
kubectl set env deployment/web --list
kubectl set env deployment/web --from=configmap/settings --prefix=CM_
kubectl set env deployment/web --from=secret/hidden
kubectl set resources deployment web --limits=cpu=200m,memory=64Mi --requests=cpu=50m
kubectl set resources deployment web -c=absent --limits=cpu=200m
kubectl set selector service web app=other --dry-run=server
kubectl set serviceaccount deployment web robot
kubectl set subject rolebinding readers --user=joe --group=staff --serviceaccount=$NS:robot
kubectl set volumes deployment/web 2>&1 | head -5
kubectl get deployment web rolebinding/readers -o yaml
kubectl get deployment/web rolebinding/readers -o yaml
kubectl expose deployment web --port=80 --target-port=http --name=exposed
kubectl expose deployment web --port=80 --name=exposed
kubectl expose svc web --name=again --port=81 --type=NodePort
kubectl expose cm settings --port=1
kubectl expose rc old --port=80 --cluster-ip=None --name=headless --dry-run=server -o yaml
kubectl get svc exposed again -o yaml
kubectl run one --image=example.test/one:1
kubectl run two --image=example.test/two:1 --env=A=b --labels=x=y --port=80 --expose --restart=Never -- arg1 arg2
kubectl run three --image=example.test/three:1 --dry-run=server -o yaml --command -- sh -c true
kubectl run 'Bad Name' --image=x
kubectl run four --image=x --overrides='{"spec":{"nodeName":"n"}}' --dry-run=server -o yaml
kubectl get pods one two -o yaml
