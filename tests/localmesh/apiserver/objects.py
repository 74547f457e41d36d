"""Objects for tests, as small as they may be."""


def pod(name, namespace="bookinfo", **metadata):
    return {
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"containers": [{"name": "main", "image": "reviews:1"}]},
    }


def deployment(name, replicas=1, **labels):
    labels = labels or {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "reviews:1"}]},
            },
        },
    }


def virtual_service(name, *http, **spec):
    route = {"route": [{"destination": {"host": name}}]}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name},
        "spec": {"hosts": [name], "http": list(http) or [route], **spec},
    }


def split(*weights, **route):
    destinations = [
        {"destination": {"host": "reviews", "subset": f"v{number}"}, "weight": weight}
        for number, weight in enumerate(weights, 1)
    ]
    return {"route": destinations, **route}


VIRTUAL_SERVICES = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices"
DEPLOYMENTS = "/apis/apps/v1/namespaces/bookinfo/deployments"
PODS = "/api/v1/namespaces/bookinfo/pods"
SERVICES = "/api/v1/namespaces/bookinfo/services"
CONFIG_MAPS = "/api/v1/namespaces/bookinfo/configmaps"


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"of": name}}, "data": data}
