"""Services and pods as a busy cluster has them, some kilobytes each, spread over many namespaces. Pure."""

from typing import Any

Object = dict[str, Any]
PODS_TO_A_SERVICE = 3


def namespace(number: int) -> str:
    """The name of a namespace."""
    return f"team-{number:03}"


def service(number: int, namespaces: int) -> Object:
    """A Service."""
    name = f"service-{number:05}"
    return {
        "metadata": {
            "name": name,
            "namespace": namespace(number % namespaces),
            "labels": {"app": name, "app.kubernetes.io/name": name, "team": f"team-{number % namespaces:03}"},
        },
        "spec": {
            "selector": {"app": name},
            "type": "ClusterIP",
            "clusterIP": f"10.{96 + number // 65536}.{number // 256 % 256}.{number % 256}",
            "ports": [
                {"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"},
                {"name": "grpc", "port": 9090, "targetPort": 9090, "protocol": "TCP"},
            ],
        },
    }


def pod(number: int, namespaces: int, owner_uid: str) -> Object:
    """A Pod of a service: two containers, probes, environment, volumes, the whole status; about 5 KB.

    Neither is a proxy: the console would go and ask 30,000 of them for their metrics. `owner_uid` is of an
    object that exists: pods without their owner are collected as garbage.
    """
    served = number // PODS_TO_A_SERVICE
    app, version = f"service-{served:05}", f"v{number % PODS_TO_A_SERVICE + 1}"
    name = f"{app}-{version}-6d8f9c7b54-{number:05}"
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": f"{app}-{version}-6d8f9c7b54",
        "uid": owner_uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "metadata": {
            "name": name,
            "namespace": namespace(served % namespaces),
            "labels": {"app": app, "version": version, "pod-template-hash": "6d8f9c7b54"},
            "annotations": {
                "checksum/config": "3b1f" * 16,
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
                "kubernetes.io/config.seen": "2026-01-01T00:00:00.000000000Z",
            },
            "ownerReferences": [owner],
            "managedFields": [_managed("kube-controller-manager"), _managed("kubelet")],
        },
        "spec": {
            "serviceAccountName": app,
            "nodeName": f"node-{number % 300:03}",
            "restartPolicy": "Always",
            "containers": [_container(app), _container("log-shipper")],
            "volumes": [{"name": f"volume-{each}", "configMap": {"name": app}} for each in range(4)],
            "tolerations": [
                {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "tolerationSeconds": 300}
                for key in ("not-ready", "unreachable")
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": f"127.{64 + number // 65536}.{number // 256 % 256}.{number % 256}",
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
                for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "containerStatuses": [_status(app), _status("log-shipper")],
        },
    }


def owner() -> Object:
    """The ReplicaSet that all pods belong to."""
    return {"metadata": {"name": "owner", "namespace": namespace(0)}, "spec": {"replicas": 0}}


def _container(name: str) -> Object:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "timeoutSeconds": 1}
    return {
        "name": name,
        "image": f"registry.invalid/teams/{name}:2026.1.0",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": f"SETTING_{each}", "value": f"value of setting {each}"} for each in range(10)],
        "resources": {
            "limits": {"cpu": "1", "memory": "512Mi"},
            "requests": {"cpu": "100m", "memory": "128Mi"},
        },
        "livenessProbe": probe,
        "readinessProbe": probe,
        "volumeMounts": [{"name": f"volume-{each}", "mountPath": f"/etc/volume-{each}"} for each in range(4)],
        "terminationMessagePath": "/dev/termination-log",
    }


def _status(name: str) -> Object:
    return {
        "name": name,
        "ready": True,
        "started": True,
        "restartCount": 0,
        "image": f"registry.invalid/teams/{name}:2026.1.0",
        "imageID": f"registry.invalid/teams/{name}@sha256:{'ab12' * 16}",
        "containerID": f"containerd://{'cd34' * 16}",
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
    }


def _managed(manager: str) -> Object:
    fields: Object = {f"f:field-{each}": {"f:inner": {}, ".": {}} for each in range(8)}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": fields, "f:spec": fields},
    }
