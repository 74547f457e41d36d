//go:build tools

// Package envtest pins the programs that the tests run and the definitions they install.
package envtest

import (
	_ "go.etcd.io/etcd/server/v3/etcdmain"
	_ "istio.io/api/networking/v1"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
