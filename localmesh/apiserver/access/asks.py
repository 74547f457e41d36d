"""What a request asks leave for, in the words of Kubernetes' access control.

Pure: method, path and query in, `Ask` out. It is read from the path alone, whether the resource exists or
not, as kube-apiserver does: who may not look learns nothing. Source: "Determine the Request Verb" in the
documentation of Kubernetes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from localmesh.apiserver.errors import Forbidden
from localmesh.apiserver.requests import flag

_VERBS = {
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
    "GET": "get",
    "HEAD": "get",
}
_OWN_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that somebody wants to do: with a resource, or, where `path` is set, with a path."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        """The resource as rules name it: `pods/log`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    def __str__(self) -> str:
        if self.path:
            return f'{self.verb} path "{self.path}"'
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        return f'{self.verb} resource "{self.full_resource}" in API group "{self.group}" {where}'


def ask_of(method: str, parts: tuple[str, ...], query: Mapping[str, str]) -> Ask:
    """What a request asks for. Raises `BadRequest` for a `watch` that is neither true nor false."""
    if parts[:1] == ("api",) and len(parts) > 2:
        group, rest = "", parts[2:]
    elif parts[:1] == ("apis",) and len(parts) > 3:
        group, rest = parts[1], parts[3:]
    else:
        return Ask(method.lower(), path="/" + "/".join(parts))
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _OWN_SUBRESOURCES:
            rest = rest[2:]
    resource, name, subresource = (*rest, "", "")[:3]
    found = Ask(_VERBS.get(method, method.lower()), group, resource, subresource, namespace, name)
    return found if name else _of_many(found, query)


def _of_many(ask: Ask, query: Mapping[str, str]) -> Ask:
    """A verb on a collection. A field selector for one name asks for that name only."""
    verb = {"get": "list", "delete": "deletecollection"}.get(ask.verb, ask.verb)
    if verb == "list" and flag(query, "watch"):
        verb = "watch"
    if verb == "create":
        return ask
    terms = [term.strip() for term in query.get("fieldSelector", "").split(",")]
    names = [term.partition("=")[2].lstrip("=") for term in terms if term.startswith("metadata.name=")]
    return replace(ask, verb=verb, name=names[0] if len(names) == 1 else "")


def forbidden(user: str, ask: Ask, why: str = "") -> Forbidden:
    """The refusal of an ask, with the facts that kube-apiserver tells: who, what, where, and a reason."""
    said = f'User "{user}" cannot {ask}' + (f": {why}" if why else "")
    if ask.path:
        return Forbidden(f"forbidden: {said}")
    qualified = f"{ask.resource}.{ask.group}" if ask.group else ask.resource
    about = {"name": ask.name, "group": ask.group, "kind": ask.resource}
    named = f'{qualified} "{ask.name}"' if ask.name else qualified
    return Forbidden(
        f"{named} is forbidden: {said}", details={key: value for key, value in about.items() if value}
    )
