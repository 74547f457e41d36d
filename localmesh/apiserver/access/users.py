"""Users as requests carry them: a name and groups, their own or impersonated ones.

Pure: headers in, users out. Source: "User impersonation" in the documentation of Kubernetes, and the
behaviour of kube-apiserver.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from localmesh.apiserver.errors import BadRequest

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"
_SERVICE_ACCOUNT = "system:serviceaccount:"

_USER, _GROUP, _UID, _EXTRA = "impersonate-user", "impersonate-group", "impersonate-uid", "impersonate-extra-"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who asks."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def signed_in(self) -> "User":
        """The user as one whose credentials were accepted."""
        if AUTHENTICATED in self.groups:
            return self
        return User(self.name, (*self.groups, AUTHENTICATED), self.uid, self.extra)

    def info(self) -> dict[str, object]:
        """The UserInfo of a SelfSubjectReview."""
        found: dict[str, object] = {"username": self.name}
        if self.uid:
            found["uid"] = self.uid
        found["groups"] = list(self.groups)
        if self.extra:
            found["extra"] = {key: list(values) for key, values in self.extra.items()}
        return found


#: Whose token is the mesh's own.
ADMIN = User("admin", (MASTERS,)).signed_in()


def impersonated(headers: Iterable[tuple[str, str]]) -> User | None:
    """Whom a request wants to act as, groups as they stand in the headers; None: as nobody else.

    Raises `BadRequest` for groups, a uid or extras without a user.
    """
    name, uid = "", ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in headers:
        key = header.lower()
        if key == _USER:
            name = name or value
        elif key == _GROUP:
            groups.append(value)
        elif key == _UID:
            uid = uid or value
        elif key.startswith(_EXTRA):
            about = unquote(key.removeprefix(_EXTRA))
            extra[about] = (*extra.get(about, ()), value)
    if not name and (groups or uid or extra):
        raise BadRequest("requested to impersonate groups, a uid or extras without impersonating a user name")
    return User(name, tuple(groups), uid, extra) if name else None


def acting(wanted: User) -> User:
    """An impersonated user with the groups that Kubernetes adds: a service account's where none were named,
    and `system:authenticated` for all but the anonymous.
    """
    groups = wanted.groups or _service_account_groups(wanted.name)
    if wanted.name == ANONYMOUS:
        added: tuple[str, ...] = () if UNAUTHENTICATED in groups else (UNAUTHENTICATED,)
    else:
        added = () if {AUTHENTICATED, UNAUTHENTICATED} & set(groups) else (AUTHENTICATED,)
    return User(wanted.name, (*groups, *added), wanted.uid, wanted.extra)


def service_account(name: str) -> tuple[str, str] | None:
    """Namespace and name of the service account that a user is; None for others."""
    namespace, colon, account = name.removeprefix(_SERVICE_ACCOUNT).partition(":")
    return (namespace, account) if colon and name.startswith(_SERVICE_ACCOUNT) else None


def service_account_name(namespace: str, account: str) -> str:
    """The user name of a service account."""
    return f"{_SERVICE_ACCOUNT}{namespace}:{account}"


def _service_account_groups(name: str) -> tuple[str, ...]:
    found = service_account(name)
    return ("system:serviceaccounts", f"system:serviceaccounts:{found[0]}") if found else ()
