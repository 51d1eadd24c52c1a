kubectl apply -f all.yaml
kubectl apply -f deployment.yaml
kubectl apply -f pod.yaml
kubectl delete pod p --dry-run=server
kubectl delete pod p --grace-period=5 --wait=false
kubectl delete pod p --now
kubectl delete pod p
kubectl delete pod p --ignore-not-found
kubectl delete cm settings -o name
kubectl delete secrets --field-selector metadata.name=hidden
kubectl delete svc -l app=web
kubectl delete deployment web --cascade=orphan
kubectl delete sts db --cascade=foreground --timeout=20s
kubectl delete -f all.yaml --ignore-not-found
kubectl delete -f deployment.yaml
kubectl delete all --all
kubectl delete nothing x
kubectl delete pods
kubectl delete cm --all
kubectl create cm a; kubectl create cm b; kubectl delete cm a b c
kubectl delete --raw /api/v1/namespaces/$NS/configmaps/absent
kubectl create cm keep; kubectl patch cm keep -p '{"metadata":{"finalizers":["example.test/x"]}}'
kubectl delete cm keep --timeout=1s
kubectl get cm keep -o jsonpath='{.metadata.finalizers} {.metadata.deletionGracePeriodSeconds}'
kubectl patch cm keep --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
kubectl wait --for=delete cm/keep --timeout=5s
kubectl apply -f pod.yaml
kubectl wait --for=condition=Ready pod/p --timeout=1s
kubectl wait --for=condition=PodScheduled=False pod/p --timeout=1s
kubectl wait --for=jsonpath='{.status.phase}'=Pending pod/p --timeout=5s
kubectl wait --for=create cm/later --timeout=1s
kubectl wait --for=jsonpath='{.spec.x' pod/p
kubectl wait --for=delete pod/absent
kubectl wait --for=condition=Ready pod -l app=none
kubectl logs p
kubectl logs p -c absent
kubectl exec p -- true
kubectl exec absent -- true
kubectl attach p
kubectl port-forward p 80
kubectl cp p:/x y
