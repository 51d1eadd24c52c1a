#!/bin/sh
# A certificate request of the given name; csr.b64 is made by the suite.
cat <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: $1 }
spec: { request: $(cat csr.b64), signerName: kubernetes.io/kube-apiserver-client, expirationSeconds: 3600, usages: [client auth] }
END
