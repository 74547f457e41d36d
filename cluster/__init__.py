"""The Kubernetes side of the console: references, the port to the API server, its errors, and the inventory.

It knows nothing of metrics and nothing of rules; both layers above use it through `cluster.port.Cluster`.
"""
