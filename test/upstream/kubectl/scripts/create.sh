kubectl create deployment made --image=example.test/a:1 --image=example.test/b:1 --replicas=0 --dry-run=server -o yaml
kubectl create deployment made --image=example.test/a:1 --replicas=0 --port=80 -- sleep 1
kubectl create deployment made --image=example.test/a:1
kubectl create configmap made --from-literal=a=1 --from-file=plain.txt --from-file=named=some.env --from-env-file=some.env -o yaml
kubectl create configmap made2 --from-literal=a=1 --from-file=plain.txt --from-file=named=some.env
kubectl create configmap made3 --from-env-file=some.env --append-hash
kubectl get cm made2 -o yaml
kubectl create configmap 'Not Valid' --from-literal=a=1
kubectl create secret generic made --from-literal=a=1 --type=example.test/x
kubectl create secret tls certificate --cert=tls.crt --key=tls.key
kubectl create secret docker-registry puller --docker-server=r.example.test --docker-username=u --docker-password=p --docker-email=e@example.test
kubectl get secrets
kubectl create serviceaccount made
kubectl create role made --verb=get,list --resource=pods,deployments.apps --resource-name=x
kubectl create role bad --verb=get --resource=absent
kubectl create clusterrole made-$NS --verb=get --resource=nodes --dry-run=server -o yaml
kubectl create clusterrole made-$NS --non-resource-url=/healthz --verb=get
kubectl create clusterrole summed-$NS --aggregation-rule=a=b
kubectl create rolebinding made --role=made --user=jane --group=g --serviceaccount=$NS:made
kubectl create clusterrolebinding made-$NS --clusterrole=view --user=jane
kubectl create job made --image=example.test/j:1 --dry-run=server -o yaml -- sh -c true
kubectl create job made --image=example.test/j:1
kubectl create cronjob made --image=example.test/j:1 --schedule='*/5 * * * *' --restart=OnFailure
kubectl create cronjob bad --image=x --schedule='never'
kubectl create job from --from=cronjob/made
kubectl create ingress made --class=c --rule='a.example.test/x*=made:80,tls=certificate' --default-backend=made:80 --annotation=a=b
kubectl create poddisruptionbudget made --selector=app=x --min-available=50%
kubectl create poddisruptionbudget bad --selector=app=x --min-available=1 --max-unavailable=1
kubectl create quota made --hard=cpu=1,pods=2 --scopes=BestEffort
kubectl create quota made --hard=pods=20,services=2
kubectl create quota bad --hard=cpu=x
kubectl create priorityclass made-$NS --value=1000 --description=d --preemption-policy=Never
kubectl create priorityclass bad-$NS --value=2000000001
kubectl create service clusterip made --tcp=80:8080,81
kubectl create service nodeport made2 --tcp=80
kubectl create service loadbalancer made3 --tcp=80
kubectl create service externalname made4 --external-name=e.example.test
kubectl create service clusterip headless --clusterip=None
kubectl create namespace made-$NS
kubectl create namespace made-$NS
kubectl create token made --duration=10m | tr -dc . 
kubectl create token made --audience=a --bound-object-kind=Secret --bound-object-name=made | tr -dc .
kubectl create token absent
kubectl create token made --duration=1s
kubectl create -f deployment.yaml
kubectl create -f deployment.yaml
kubectl create -f deployment.yaml --dry-run=server
kubectl create -f invalid.yaml
kubectl create -f deployment-2.yaml --dry-run=client -o yaml
kubectl get role,rolebinding,cj,ing,pdb,quota,svc,job,sa -o wide
kubectl get role made rolebinding/made -o yaml
kubectl get ing made -o yaml
kubectl get ns made-$NS
kubectl delete namespace made-$NS --wait=false
kubectl delete clusterrole made-$NS summed-$NS
kubectl delete clusterrolebinding made-$NS
kubectl delete priorityclass made-$NS
