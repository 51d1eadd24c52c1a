kubectl apply -f deployment.yaml
kubectl apply -f deployment.yaml
kubectl apply -f deployment-2.yaml --dry-run=client
kubectl apply -f deployment-2.yaml --dry-run=server
kubectl diff -f deployment-2.yaml
kubectl apply -f deployment-2.yaml
kubectl diff -f deployment-2.yaml
kubectl apply view-last-applied deployment/web
kubectl apply set-last-applied -f deployment.yaml
kubectl apply -f deployment.yaml -o yaml
kubectl apply -f deployment.yaml --server-side
kubectl apply -f deployment.yaml --server-side --force-conflicts
kubectl apply -f deployment-2.yaml --server-side --field-manager=other
kubectl apply -f deployment-2.yaml --server-side --field-manager=other --force-conflicts
kubectl diff -f deployment.yaml --server-side --field-manager=other
kubectl get deployment web -o yaml --show-managed-fields
kubectl apply -f invalid.yaml
kubectl apply -f invalid.yaml --validate=false
kubectl apply -f invalid.yaml --validate=warn
kubectl apply -f absent.yaml
kubectl apply -f all.yaml --prune -l app=web --dry-run=server
kubectl replace -f deployment-2.yaml
kubectl replace -f deployment.yaml --dry-run=server
kubectl replace -f pod.yaml
kubectl replace --force -f deployment.yaml
kubectl replace -f invalid.yaml
KUBE_EDITOR=./editor.sh kubectl edit deployment web
KUBE_EDITOR=./bad-editor.sh kubectl edit deployment web | sed 's/edit-[0-9]*/edit-N/'
KUBE_EDITOR=true kubectl edit deployment web
KUBE_EDITOR=./editor.sh kubectl apply edit-last-applied deployment web
KUBE_EDITOR=./editor.sh kubectl edit deployment absent
kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'
kubectl patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"example.test/patched:1"}]}}}}'
kubectl patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"example.test/patched:1"}]}}}}'
kubectl patch deployment web --type=merge -p '{"metadata":{"labels":{"x":"y"}}}'
kubectl patch deployment web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":1},{"op":"test","path":"/spec/replicas","value":2}]'
kubectl patch deployment web --type=json -p '[{"op":"remove","path":"/metadata/labels/x"}]'
kubectl patch deployment web --type=json -p '{}'
kubectl patch deployment web -p '{"spec":{"replicas":"many"}}'
kubectl patch deployment web -p 'not json'
kubectl patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":0}}'
kubectl patch deployment web --subresource=status --type=merge -p '{"status":{"replicas":-1}}'
kubectl patch -f deployment.yaml -p '{"metadata":{"annotations":{"a":"b"}}}' --dry-run=server -o yaml
kubectl patch deployment web --local -p '{"spec":{"paused":true}}' -f deployment.yaml -o yaml
kubectl kustomize kustom
kubectl apply -k kustom
kubectl diff -k kustom
kubectl get -k kustom
kubectl delete -k kustom
kubectl wait --for=delete deployment/my-web --timeout=10s
