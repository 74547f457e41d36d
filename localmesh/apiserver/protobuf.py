"""Bodies in Kubernetes's protobuf form, of the kinds that `kubectl` sends in no other.

`kubectl create namespace`, `create deployment`, `auth can-i` and the like speak protobuf and do not fall
back to JSON. Only what they send is understood; a field that is not in the table below is refused, never
dropped. Answers are JSON, which every client accepts. Field numbers: generated.proto of k8s.io/api and
k8s.io/apimachinery 0.32.
"""

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any

from localmesh.apiserver.errors import BadRequest, UnsupportedMediaType

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"

#: Messages by name: number, name and type of each field. `*` repeats; `?` keeps a zero, which is left out
#: otherwise; "skip" is what clients cannot set.
_MESSAGES = {
    "ObjectMeta": (
        "1 name str, 2 generateName str, 3 namespace str, 5 uid str, 6 resourceVersion str, "
        "7 generation skip, 8 creationTimestamp skip, 11 labels map, 12 annotations map, "
        "13 ownerReferences OwnerReference*, 14 finalizers str*"
    ),
    "OwnerReference": (
        "1 kind str, 3 name str, 4 uid str, 5 apiVersion str, 6 controller bool?, 7 blockOwnerDeletion bool?"
    ),
    "Namespace": "1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status skip",
    "NamespaceSpec": "1 finalizers str*",
    "ConfigMap": "1 metadata ObjectMeta, 2 data map, 3 binaryData bytesmap, 4 immutable bool?",
    "Secret": "1 metadata ObjectMeta, 2 data bytesmap, 3 type str, 4 stringData map, 5 immutable bool?",
    "ServiceAccount": (
        "1 metadata ObjectMeta, 3 imagePullSecrets LocalObjectReference*, "
        "4 automountServiceAccountToken bool?"
    ),
    "LocalObjectReference": "1 name str",
    "Service": "1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status skip",
    "ServiceSpec": (
        "1 ports ServicePort*, 2 selector map, 3 clusterIP str, 4 type str, 5 externalIPs str*, "
        "7 sessionAffinity str, 10 externalName str, 17 ipFamilyPolicy str, 18 clusterIPs str*, "
        "19 ipFamilies str*"
    ),
    "ServicePort": (
        "1 name str, 2 protocol str, 3 port int, 4 targetPort IntOrString, 5 nodePort int, 6 appProtocol str"
    ),
    "Deployment": "1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status skip",
    "DeploymentSpec": (
        "1 replicas int?, 2 selector LabelSelector, 3 template PodTemplateSpec, "
        "4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit int?, "
        "7 paused bool, 9 progressDeadlineSeconds int?"
    ),
    "DeploymentStrategy": "1 type str",
    "LabelSelector": "1 matchLabels map, 2 matchExpressions LabelSelectorRequirement*",
    "LabelSelectorRequirement": "1 key str, 2 operator str, 3 values str*",
    "PodTemplateSpec": "1 metadata ObjectMeta, 2 spec PodSpec",
    "PodSpec": (
        "2 containers Container*, 3 restartPolicy str, 4 terminationGracePeriodSeconds int?, "
        "6 dnsPolicy str, 7 nodeSelector map, 8 serviceAccountName str, 9 serviceAccount str, "
        "10 nodeName str, 15 imagePullSecrets LocalObjectReference*, 19 schedulerName str, "
        "20 initContainers Container*"
    ),
    "Container": (
        "1 name str, 2 image str, 3 command str*, 4 args str*, 5 workingDir str, 6 ports ContainerPort*, "
        "7 env EnvVar*, 8 resources ResourceRequirements, 13 terminationMessagePath str, "
        "14 imagePullPolicy str, 20 terminationMessagePolicy str"
    ),
    "ContainerPort": "1 name str, 2 hostPort int, 3 containerPort int, 4 protocol str, 5 hostIP str",
    "EnvVar": "1 name str, 2 value str",
    "ResourceRequirements": "1 limits quantities, 2 requests quantities",
    "Role": "1 metadata ObjectMeta, 2 rules PolicyRule*",
    "ClusterRole": "1 metadata ObjectMeta, 2 rules PolicyRule*",
    "PolicyRule": (
        "1 verbs str*, 2 apiGroups str*, 3 resources str*, 4 resourceNames str*, 5 nonResourceURLs str*"
    ),
    "RoleBinding": "1 metadata ObjectMeta, 2 subjects Subject*, 3 roleRef RoleRef",
    "ClusterRoleBinding": "1 metadata ObjectMeta, 2 subjects Subject*, 3 roleRef RoleRef",
    "Subject": "1 kind str, 2 apiGroup str, 3 name str, 4 namespace str",
    "RoleRef": "1 apiGroup str, 2 kind str, 3 name str",
    "SelfSubjectAccessReview": "1 metadata ObjectMeta, 2 spec AccessSpec, 3 status skip",
    "SubjectAccessReview": "1 metadata ObjectMeta, 2 spec AccessSpec, 3 status skip",
    "LocalSubjectAccessReview": "1 metadata ObjectMeta, 2 spec AccessSpec, 3 status skip",
    "AccessSpec": (
        "1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes, "
        "3 user str, 4 groups str*"
    ),
    "ResourceAttributes": (
        "1 namespace str, 2 verb str, 3 group str, 4 version str, 5 resource str, 6 subresource str, "
        "7 name str"
    ),
    "NonResourceAttributes": "1 path str, 2 verb str",
    "SelfSubjectRulesReview": "1 metadata ObjectMeta, 2 spec RulesSpec, 3 status skip",
    "RulesSpec": "1 namespace str",
    "SelfSubjectReview": "1 metadata ObjectMeta, 2 status skip",
    "DeleteOptions": (
        "1 gracePeriodSeconds int?, 2 preconditions Preconditions, 3 orphanDependents bool?, "
        "4 propagationPolicy str, 5 dryRun str*"
    ),
    "Preconditions": "1 uid str, 2 resourceVersion str",
    "IntOrString": "1 type int, 2 intVal int, 3 strVal str",
    "Quantity": "1 string str",
}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Value = int | bytes


def decode(body: bytes) -> dict[str, Any]:
    """The object of a body, as JSON would tell it.

    Raises `BadRequest` for what is no protobuf of Kubernetes, `UnsupportedMediaType` for kinds and fields
    that are not understood.
    """
    if not body.startswith(_MAGIC):
        raise BadRequest("the body is not protobuf of Kubernetes: it lacks the prefix k8s\\x00")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    about = dict(_fields(_bytes(envelope.get(1, b""))))
    version, kind = _text(about.get(1, b"")), _text(about.get(2, b""))
    if kind not in _MESSAGES:
        raise UnsupportedMediaType(f"{kind or 'this kind'} is not understood in protobuf; send it as JSON")
    return {"apiVersion": version, "kind": kind, **_message(kind, _bytes(envelope.get(2, b"")))}


def _message(name: str, data: bytes) -> dict[str, Any]:
    known = _table(name)
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        field = known.get(number)
        if field is None:
            if value:
                raise UnsupportedMediaType(
                    f"field {number} of {name} is not understood in protobuf; send it as JSON"
                )
            continue
        key, kind = field
        if kind == "skip":
            continue
        if kind.endswith("*"):
            found.setdefault(key, []).append(_one(kind[:-1], value))
        elif kind in ("map", "bytesmap", "quantities"):
            found.setdefault(key, {}).update(_entry(kind, _bytes(value)))
        else:
            told = _one(kind.rstrip("?"), value)
            if told not in ("", 0, False) or kind.endswith("?"):
                found[key] = told
    return found


@cache
def _table(name: str) -> dict[int, tuple[str, str]]:
    fields = (each.split() for each in _MESSAGES[name].split(","))
    return {int(number): (key, kind) for number, key, kind in fields}


def _one(kind: str, value: Value) -> Any:
    if kind == "str":
        return _text(value)
    if kind in ("int", "bool"):
        number = _signed(value)
        return bool(number) if kind == "bool" else number
    told = _message(kind, _bytes(value))
    if kind == "IntOrString":
        return told.get("strVal", "") if told.get("type") else told.get("intVal", 0)
    return told


def _entry(kind: str, data: bytes) -> dict[str, str]:
    pair = dict(_fields(data))
    key, value = _text(pair.get(1, b"")), pair.get(2, b"")
    if kind == "bytesmap":
        return {key: base64.b64encode(_bytes(value)).decode()}
    if kind == "quantities":
        return {key: _message("Quantity", _bytes(value)).get("string", "0")}
    return {key: _text(value)}


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Numbers and raw values of a message's fields."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: Value
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
            value, at = int.from_bytes(data[at : at + size], "little"), at + size
        else:
            raise BadRequest(f"the body is not protobuf: wire type {wire}")
        if at > len(data):
            raise BadRequest("the body is not protobuf: it ends inside a field")
        yield number, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(10):
        if at >= len(data):
            raise BadRequest("the body is not protobuf: it ends inside a number")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at
    raise BadRequest("the body is not protobuf: a number is too long")


def _signed(value: Value) -> int:
    if not isinstance(value, int):
        raise BadRequest("the body is not protobuf: a number was expected")
    return value - (1 << 64) if value >> 63 else value


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise BadRequest("the body is not protobuf: bytes were expected")
    return value


def _text(value: Value) -> str:
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError:
        raise BadRequest("the body is not protobuf: a text is not UTF-8") from None
