"""The adapter to a real API server: the only package that imports `kubernetes`.

    adapter      the port's methods: which path, which query, which body
    watching     one open watch: lines as they come, decoded into events
    wire         one request: signed, bounded in time and size, its failure told in plain words
    credentials  where a cluster is and what its requests are signed with; plugin, oidc: where that comes from
    answers      what an answer means: objects, lists, refusals; reviews: questions of rights; both pure

It uses the client library for what is hard to get right (kubeconfig and its forms of credentials, TLS,
proxies, pools) and requests raw paths: generated models would drop fields that they do not know, and cost
seconds on large lists. It never repeats a write by itself: a lost answer is the caller's to look into.
"""

from cluster.kube.adapter import KubeCluster

__all__ = ["KubeCluster"]
