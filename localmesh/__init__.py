"""A mesh of real Envoys on this machine: API server, control plane and workloads in one place.

It exists so that the console can be run, tested and shown without a cluster. It knows the wire formats of
Kubernetes and Envoy and nothing of the console: no product module imports it, and it imports none.
"""
