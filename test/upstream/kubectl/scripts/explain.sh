for k in $(kubectl api-resources -o name | sort); do kubectl explain $k --recursive > explain.$k.txt 2>&1 & if [ $(jobs -p | wc -l) -ge 3 ]; then wait; fi; done; wait
kubectl explain pods
kubectl explain pods.spec.containers.resources.limits
kubectl explain deployments.spec.strategy
kubectl explain services.spec.type
kubectl explain roles.rules.verbs
kubectl explain ingress.spec.rules.http.paths.pathType
kubectl explain pods.spec.absent
kubectl explain nothing
kubectl explain hpa --api-version=autoscaling/v1
kubectl explain pods.spec.containers.livenessProbe.httpGet --output=plaintext
