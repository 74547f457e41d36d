"""Questions of rights, and acting as somebody, in the words of Kubernetes. Pure.

Sources: k8s.io/api authorization/v1; k8s.io/apiserver, endpoints/filters/impersonation (the groups that a
server adds to an impersonated user) and endpoints/request (the namespace of a Namespace is its own name).
"""

from typing import Any, Final

import msgspec

from cluster import decoding
from cluster.errors import Unavailable
from cluster.identity import Ask, Identity
from cluster.kinds import NAMESPACE
from cluster.refs import Manifest

AUTHENTICATED: Final = "system:authenticated"
_ANONYMOUS: Final = "system:anonymous"
_UNAUTHENTICATED: Final = "system:unauthenticated"
_SERVICE_ACCOUNT: Final = "system:serviceaccount:"
_ROOT: Final = "/apis/authorization.k8s.io/v1"
_MAX_NAME: Final = 1024


class _Verdict(msgspec.Struct, rename="camel"):
    allowed: bool = False
    denied: bool = False
    evaluation_error: str = ""


class _Review(msgspec.Struct):
    status: _Verdict


def question(ask: Ask, identity: Identity | None) -> tuple[str, Manifest]:
    """The path and the body that ask whether an identity, or (None) whoever sends them, may do it."""
    spec: dict[str, Any] = {"resourceAttributes": _attributes(ask)}
    if identity is None:
        return f"{_ROOT}/selfsubjectaccessreviews", _body("SelfSubjectAccessReview", spec)
    spec |= {"user": checked(identity).user, "groups": list(groups_of(identity))}
    return f"{_ROOT}/subjectaccessreviews", _body("SubjectAccessReview", spec)


def verdict(content: bytes) -> bool:
    """Whether the answer is a yes. One that came about with an error is a no; raises Unavailable for none."""
    try:
        status = decoding.decode(content, _Review).status
    except msgspec.DecodeError as error:
        raise Unavailable("Its answer does not say whether this is allowed.") from error
    return status.allowed and not status.denied and not status.evaluation_error


def groups_of(identity: Identity) -> tuple[str, ...]:
    """All groups of an identity: its own, and those that an API server adds when it is impersonated."""
    if identity.user == _ANONYMOUS:
        return (*identity.groups, _UNAUTHENTICATED)
    added = [AUTHENTICATED]
    if identity.user.startswith(_SERVICE_ACCOUNT) and not identity.groups:
        namespace = identity.user.removeprefix(_SERVICE_ACCOUNT).partition(":")[0]
        added = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED]
    return (*identity.groups, *(group for group in added if group not in identity.groups))


def impersonation(identity: Identity) -> tuple[tuple[str, str], ...]:
    """The headers that act as an identity: one for the user, one for each group.

    Raises ValueError for a name that cannot travel in a header as it is.
    """
    named = [("Impersonate-User", identity.user)]
    named += [("Impersonate-Group", group) for group in checked(identity).groups]
    # The server reads the bytes as UTF-8; Python's client writes a header's text as Latin-1.
    return tuple((name, value.encode().decode("latin-1")) for name, value in named)


def checked(identity: Identity) -> Identity:
    """The same identity. Raises ValueError for names that a header would change, end or inject with."""
    for what, name in (("user", identity.user), *(("group", group) for group in identity.groups)):
        # Space around a value is lost on the way: " root" would arrive as "root".
        if not 0 < len(name) <= _MAX_NAME or name != name.strip() or not name.isprintable():
            raise ValueError(f"{name[:80]!r} cannot be a Kubernetes {what}")
    return identity


def _attributes(ask: Ask) -> dict[str, str]:
    namespace = ask.name if ask.kind == NAMESPACE else ask.namespace
    given = {
        "namespace": namespace,
        "group": ask.kind.group,
        "subresource": ask.subresource,
        "name": ask.name,
    }
    return {
        "verb": ask.verb,
        "resource": ask.kind.plural,
        **{key: value for key, value in given.items() if value},
    }


def _body(kind: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
