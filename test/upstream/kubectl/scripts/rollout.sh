kubectl apply -f deployment.yaml
kubectl rollout status deployment/web --timeout=30s
kubectl annotate deployment web kubernetes.io/change-cause=first
kubectl set image deployment/web main=example.test/web:2
kubectl rollout status deployment/web --timeout=30s
kubectl annotate deployment web kubernetes.io/change-cause=second --overwrite
until kubectl get rs -o jsonpath='{.items[*].metadata.annotations}' | grep -q second; do sleep 0.2; done; kubectl rollout history deployment/web
kubectl rollout history deployment/web --revision=1
kubectl rollout history deployment/web --revision=2
kubectl rollout history deployment/web --revision=9
kubectl rollout undo deployment/web --dry-run=server
kubectl rollout undo deployment/web
kubectl rollout status deployment/web --timeout=30s
kubectl rollout history deployment/web
kubectl rollout undo deployment/web --to-revision=2
kubectl rollout undo deployment/web --to-revision=9
kubectl rollout pause deployment/web
kubectl rollout pause deployment/web
kubectl rollout undo deployment/web
kubectl rollout restart deployment/web
kubectl rollout resume deployment/web
kubectl rollout resume deployment/web
kubectl rollout restart deployment/web
kubectl rollout status deployment/web --timeout=30s
kubectl rollout status deployment/absent
kubectl rollout history cm/absent
kubectl rollout restart cm
kubectl apply -f all.yaml
kubectl rollout status sts/db --timeout=20s
kubectl rollout history sts/db
kubectl rollout restart sts/db ds/agent
kubectl rollout status ds/agent --timeout=20s
kubectl rollout history ds/agent
kubectl rollout history ds/agent --revision=1
kubectl rollout undo ds/agent
kubectl get rs -o custom-columns=IMAGES:.spec.template.spec.containers[*].image,REVISION:.metadata.annotations.deployment\\.kubernetes\\.io/revision --sort-by=.metadata.annotations.deployment\\.kubernetes\\.io/revision
kubectl get controllerrevisions -l app=agent --no-headers | wc -l
kubectl describe deployment web --show-events=false
