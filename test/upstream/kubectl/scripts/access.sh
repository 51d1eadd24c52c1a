kubectl apply -f all.yaml
kubectl auth can-i create pods
kubectl auth can-i create pods --as=jane
kubectl auth can-i get pods --as=jane
kubectl auth can-i get pods/log --as=jane
kubectl auth can-i '*' '*'
kubectl auth can-i get /healthz --as=system:anonymous
kubectl auth can-i get absent
kubectl auth can-i get nodes --as=jane
kubectl auth can-i get pods --as=jane -q; echo $?
kubectl auth can-i --list --as=jane | sort
kubectl auth can-i --list --as=nobody | sort
kubectl auth whoami
kubectl auth whoami -o yaml
kubectl auth whoami --as=jane --as-group=g --as-uid=u --as-user-extra=k=v
kubectl auth reconcile -f rbac.yaml
kubectl auth reconcile -f rbac.yaml --dry-run=client
kubectl get pods --as=nobody
kubectl get secrets --as=jane
kubectl create cm x --as=jane
kubectl delete pods --all --as=jane
kubectl get nodes --as=jane
kubectl auth can-i get pods --as=system:serviceaccount:default:robot
./csr.sh jane-$NS | kubectl create -f -
kubectl get csr jane-$NS
kubectl describe csr jane-$NS
kubectl certificate approve jane-$NS
kubectl certificate approve jane-$NS
kubectl certificate deny jane-$NS
kubectl wait --for=jsonpath='{.status.certificate}' csr/jane-$NS --timeout=10s
kubectl get csr jane-$NS
./csr.sh joe-$NS | kubectl create -f -
kubectl certificate deny joe-$NS
kubectl get csr joe-$NS
kubectl get csr joe-$NS -o yaml
kubectl certificate approve absent
kubectl delete csr jane-$NS joe-$NS
