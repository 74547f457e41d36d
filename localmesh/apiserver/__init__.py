"""The Kubernetes API of the mesh: storage, wire format, validation.

What `kubectl` and any Kubernetes client talk to. It must not know how workloads run or how Envoy is
configured: controllers work on `store.Store`, exactly as they would on the API of a cluster.
"""
