"""Four people and two namespaces: bookinfo, which some may read, and vault, which only one may."""

from cluster.identity import READ_VERBS
from tests.people import person, stranger
from tests.routing.stage import bookinfo, destination_rule, pod, route, service, to_whole, virtual_service

HIDDEN = ("vault", "ledger")
"""What must not occur in a byte of an answer to anybody but the administrator."""
ISTIO = ("virtualservices", "destinationrules")


class Rights:
    """What RBAC says; `taken` holds (user, verb) pairs that were revoked, `given` what (user, verb, plural,
    namespace) may besides.
    """

    def __init__(self):
        self.taken = set()
        self.given = set()

    def __call__(self, identity, ask):
        if identity is None or identity.user == "amina":
            return True
        if (identity.user, ask.verb, ask.kind.plural, ask.namespace) in self.given:
            return True
        if ask.namespace != "bookinfo" or (identity.user, ask.verb) in self.taken:
            return False
        if ask.verb in READ_VERBS:
            return identity.user in ("vera", "oscar")
        return identity.user == "oscar" and ask.kind.plural in ISTIO


def two_namespaces(rights):
    """Bookinfo with a rule for reviews; the vault's ledger with its own, and one of its own for details."""
    cluster = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]),
        destination_rule("reviews", ["v1", "v2", "v3"]),
        service("ledger", "vault"),
        pod("ledger-v1-a", "ledger", "v1", "vault"),
        pod("ledger-v2-a", "ledger", "v2", "vault"),
        virtual_service("ledger", [{"route": to_whole("ledger")}], "vault"),
        destination_rule("ledger-details", ["v9"], "vault", host="details.bookinfo.svc.cluster.local"),
    )
    cluster.rights = rights
    return cluster


def everybody():
    """By role: a viewer and an operator of bookinfo, an administrator, and somebody without an identity."""
    return {
        "viewer": person("vera", "vera", ["readers"]),
        "operator": person("oscar", "oscar"),
        "administrator": person("amina", "amina", ["admins"]),
        "nobody": stranger("nemo"),
    }
