kubectl api-resources
kubectl api-resources -o wide
kubectl api-resources --namespaced=false -o name
kubectl api-resources --api-group=apps --verbs=list,get
kubectl api-resources --categories=all
kubectl api-versions
kubectl version
kubectl version -o yaml
kubectl cluster-info
kubectl cluster-info dump --output-directory=dump; ls dump
kubectl config view
kubectl config current-context
kubectl config get-contexts
kubectl config set-context other --namespace=x; kubectl config get-contexts -o name
kubectl config use-context absent
kubectl get --raw /healthz
kubectl get --raw /livez
kubectl get --raw /api | grep .
kubectl get --raw /version | grep -c gitVersion
kubectl proxy --unix-socket=$PWD/p.sock > /dev/null & until test -S p.sock; do sleep 0.1; done; curl -s --unix-socket p.sock http://x/api/v1/namespaces/$NS/configmaps/absent; kill $!
kubectl events
kubectl events --types=Warning
kubectl get events
kubectl get pods --server=https://127.0.0.1:1
kubectl get pods --token=wrong --kubeconfig=/dev/null --server=$SERVER --insecure-skip-tls-verify
kubectl get pods --user=absent
kubectl get pods -n absent
kubectl options | head -3
kubectl plugin list
kubectl completion bash | head -1
