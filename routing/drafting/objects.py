"""Whole resources, written and deleted, drafted; and what the traffic does once one is gone. Pure."""

from collections.abc import Iterator

from cluster.kinds import DESTINATION_RULE, GATEWAY, VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing import diff, istio
from routing.drafting.draft import Draft, needs
from routing.problems import error, warning
from routing.rules import DeleteObject, Object


def put_object(rule: Object, draft: Draft, field: str) -> None:
    """Makes a resource exactly what the rule says. Raises CannotApply."""
    ref = rule.ref
    live = draft.get(ref)
    draft.sources.add((ref.kind, ref.namespace))
    after = istio.set_object(live, rule)
    if diff.same(live, after):
        return
    draft.put(after, "Writes it as it was given." if live else "Creates it as it was given.")
    if ref.kind == VIRTUAL_SERVICE:
        _about_rivals(after, live, draft, field)


def delete_object(rule: DeleteObject, draft: Draft, field: str) -> None:
    """Takes a resource away, and says what then holds in its place."""
    ref = rule.ref
    live = draft.get(ref)
    draft.sources.add((ref.kind, ref.namespace))
    if live is None:
        return
    draft.remove(ref, "Deletes it.")
    if ref.kind == VIRTUAL_SERVICE:
        _about_traffic(live, draft, field)
    elif ref.kind == DESTINATION_RULE:
        _about_policy(live, draft, field)
    elif ref.kind == GATEWAY:
        _about_gateway(live, draft, field)


def _about_rivals(after: Manifest, live: Manifest | None, draft: Draft, field: str) -> None:
    """An error where it would become one of two for the same host; a warning where it is so already."""
    others = [item for item in draft.of(VIRTUAL_SERVICE) if item is not after]
    for other in others:
        shared = _contested(after, other)
        if not shared:
            continue
        level = warning if live and shared <= _contested(live, other) else error
        message = (
            f"{istio.name_of(other)} also routes {', '.join(sorted(shared))} for callers in the mesh; which "
            "of the two is in force is undefined."
        )
        name = istio.name_of(after)
        draft.problems.append(level("IST0109", message, field, name, needs([after, other])))


def _contested(one: Manifest, other: Manifest) -> set[str]:
    """The hosts that two VirtualServices both route for callers in the mesh who see both."""
    pair = (one, other)
    places = {istio.namespace_of(item) for item in pair}
    meet = any(all(istio.visible(item, place) for item in pair) for place in places)
    if not meet or not all(istio.binds_mesh(item) for item in pair):
        return set()
    return set(istio.hosts_of(one)).intersection(istio.hosts_of(other))


def _about_traffic(gone: Manifest, draft: Draft, field: str) -> None:
    told, others = [], []
    for sentence, other in _instead(gone, draft):
        told.append(sentence)
        others += [other] if other else []
    message = f"Without {istio.name_of(gone)}, {'; '.join(told) or 'nothing changes: it has no host'}."
    draft.warn("ROUTES_DELETED", message, field, gone, *others)


def _instead(gone: Manifest, draft: Draft) -> Iterator[tuple[str, Manifest | None]]:
    """What becomes of the requests to each host, and the resource that takes them over, if one does."""
    virtual_services = draft.of(VIRTUAL_SERVICE)
    for host in istio.hosts_of(gone):
        if istio.binds_mesh(gone):
            target = istio.service_of(host)
            found = istio.virtual_services_of(virtual_services, *target) if target else None
            other = (found.main or found.wildcard) if found else None
            yield _in_the_mesh(host, other, is_service=target is not None), other
        for gateway in istio.gateways_of(gone):
            other = _takes_over(virtual_services, gateway, host)
            name = f"{gateway[0]}/{gateway[1]}"
            then = f"go by {istio.name_of(other)}" if other else "are answered 404"
            yield f"requests for {host} through gateway {name} {then}", other


def _in_the_mesh(host: str, other: Manifest | None, *, is_service: bool) -> str:
    if other:
        return f"requests to {host} in the mesh go by {istio.name_of(other)}"
    if is_service:
        return f"requests to {host} in the mesh go to all pods of the service, whatever their version"
    return f"requests to {host} in the mesh go where the name leads"


def _takes_over(virtual_services: list[Manifest], gateway: tuple[str, str], host: str) -> Manifest | None:
    return next(
        (
            item
            for item in virtual_services
            if gateway in istio.gateways_of(item)
            and any(istio.covers(pattern, host) for pattern in istio.hosts_of(item))
        ),
        None,
    )


def _about_policy(gone: Manifest, draft: Draft, field: str) -> None:
    spec = gone.get("spec") or {}
    parts = [*(spec.get("trafficPolicy") or {})]
    others = [item for item in draft.of(DESTINATION_RULE) if istio.host_of(item) == istio.host_of(gone)]
    if not parts:
        return
    instead = f"; {istio.name_of(others[0])} holds then" if others else ""
    message = (
        f"Without {istio.name_of(gone)}, its traffic policy ({', '.join(sorted(parts))}) no longer applies "
        f"to {istio.host_of(gone)}{instead}."
    )
    draft.warn("POLICY_DELETED", message, field, gone, *others[:1])


def _about_gateway(gone: Manifest, draft: Draft, field: str) -> None:
    here = (istio.namespace_of(gone), str(gone["metadata"]["name"]))
    users = [item for item in draft.of(VIRTUAL_SERVICE) if here in istio.gateways_of(item)]
    if users:
        names = ", ".join(map(istio.name_of, users))
        message = f"{names} serve hosts through {istio.name_of(gone)}; requests that come in there will fail."
        problem = warning("GATEWAY_IN_USE", message, field, istio.name_of(gone), needs([gone, *users]))
        draft.problems.append(problem)
