"""What of an edited VirtualService and DestinationRule the forms of a service can say, and what not. Pure.

The rules that the forms would ask for are read from the text, planned on the live resources, and held against
the text: where the plan leads to something else, that is what no form can express.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cluster import inventory
from cluster.refs import Manifest, Ref
from routing import diff, istio, planner, reading_back, rules
from routing.diff import FieldDiff
from routing.istio.copies import ANNOTATION
from routing.planner import Live

OURS: Final = f'metadata.annotations["{ANNOTATION}"]'
"""meshui's own note of the fault that it set: it follows the fault, whoever writes it."""


@dataclass(frozen=True, slots=True)
class Steered:
    """The resources that steer a service and that its forms write; None where there is none yet."""

    virtual_service: Manifest | None
    destination_rule: Manifest | None


@dataclass(frozen=True, slots=True)
class Expressed:
    """`rules`: what the forms would ask for; `rest`: by resource, what they would not lead to."""

    rules: tuple[rules.Rule, ...]
    rest: tuple[tuple[Ref, FieldDiff], ...]


def steered(live: Live, namespace: str, service: str) -> Steered:
    """What steers a service now."""
    virtual = istio.virtual_services_of(live.virtual_services, namespace, service)
    found = istio.destination_rules_of(live.destination_rules, namespace, service)
    return Steered(virtual.main, found.main)


def expressed(service: inventory.Service, live: Live, edited: Sequence[Manifest]) -> Expressed:
    """What the forms of a service can say of these manifests, where `live` is what stands there."""
    wanted = {Ref.of(manifest): manifest for manifest in edited}
    found, after = _plannable(_attempts(service, live, wanted), live)
    rest = [
        (ref, difference)
        for ref, manifest in wanted.items()
        for difference in diff.fields(after.get(ref), manifest)
        if not difference.path.startswith(OURS) and not _only_ours(difference)
    ]
    return Expressed(found, tuple(rest))


def _plannable(
    attempts: Iterable[tuple[rules.Rule, ...]], live: Live
) -> tuple[tuple[rules.Rule, ...], dict[Ref, Manifest]]:
    """The first of some sets of rules that can be planned, and what it leads to."""
    for found in attempts:
        after = _after(found, live)
        if after is not None:
            return found, after
    return (), {Ref.of(item): item for item in live.resources}


def _attempts(
    service: inventory.Service, live: Live, wanted: dict[Ref, Manifest]
) -> Iterator[tuple[rules.Rule, ...]]:
    """All that the forms could say; then only the split and the fault."""
    simple = tuple(_rules(service, live, wanted))
    more = tuple(each for each in _more(service, live, wanted) if _sound(each))
    if more:
        told = any(isinstance(each, rules.Route) and each.policies.fault for each in more)
        yield (*(each for each in simple if not (told and isinstance(each, rules.Fault))), *more)
    yield simple


def _more(service: inventory.Service, live: Live, wanted: dict[Ref, Manifest]) -> Iterator[rules.Rule]:
    """Routes and policies that differ."""
    as_wanted = _with(live, service, wanted)
    before, after = (steered(each, service.namespace, service.name) for each in (live, as_wanted))
    policies = [_policies(service, each) for each in (live, as_wanted)]
    if before.virtual_service is not None or after.virtual_service is not None:
        now, then = (_routes(service, each) for each in (live, as_wanted))
        yield from reading_back.routes(now, then)
    yield from reading_back.changed_policies(*policies)


def _routes(service: inventory.Service, live: Live) -> tuple[istio.HttpRoute, ...]:
    virtual = steered(live, service.namespace, service.name).virtual_service
    if virtual is None:
        return ()
    rules_of = istio.destination_rules_of(live.destination_rules, service.namespace, service.name)
    subsets = istio.read_subsets(rules_of.effective, service)
    return istio.read_routes(virtual, service.namespace, service.name, subsets)


def _policies(service: inventory.Service, live: Live) -> tuple[rules.DestinationPolicy, ...]:
    found = istio.destination_rules_of(live.destination_rules, service.namespace, service.name)
    return reading_back.policies(service, found.effective)


def _with(live: Live, service: inventory.Service, wanted: dict[Ref, Manifest]) -> Live:
    others = [item for item in live.resources if Ref.of(item) not in wanted]
    return Live((service,), (*others, *wanted.values()))


def _only_ours(difference: FieldDiff) -> bool:
    """Whether it is the annotations as a whole, in which there is nothing but ours."""
    value = difference.old if difference.new is None else difference.new
    return (
        difference.path == "metadata.annotations" and isinstance(value, dict) and set(value) == {ANNOTATION}
    )


def _after(found: Sequence[rules.Rule], live: Live) -> dict[Ref, Manifest] | None:
    """The resources once the rules hold; None when they cannot."""
    planned = planner.plan(found, live)
    if planned.errors:
        return None
    after = {Ref.of(item): item for item in live.resources}
    for operation in planned.operations:
        if operation.after is None:
            after.pop(operation.ref, None)
        else:
            after[operation.ref] = operation.after
    return after


def _rules(service: inventory.Service, live: Live, wanted: dict[Ref, Manifest]) -> Iterable[rules.Rule]:
    as_wanted = _with(live, service, wanted)
    now = steered(live, service.namespace, service.name).virtual_service
    then = steered(as_wanted, service.namespace, service.name).virtual_service
    if then is None:
        return
    split = _split(service, as_wanted, then)
    if split is not None and (now is None or split != _split(service, live, now)):
        yield split
    yield from _faults(service, now, then)


def _split(service: inventory.Service, live: Live, virtual_service: Manifest) -> rules.Split | None:
    found = istio.destination_rules_of(live.destination_rules, service.namespace, service.name)
    subsets = istio.read_subsets(found.effective, service)
    split = istio.read_split(virtual_service, service.namespace, service.name, subsets)
    known = {version.version for version in service.versions}
    return split if split is not None and known.issuperset(split.weights) else None


def _faults(service: inventory.Service, now: Manifest | None, then: Manifest) -> Iterable[rules.Rule]:
    before = {_content(fault) for fault in istio.observed_faults(now)} if now else set()
    after = {_content(fault) for fault in istio.observed_faults(then)}
    new = after - before
    mine = istio.read_fault(now, service.namespace, service.name) if now else None
    if len(new) == 1:
        ((delay, abort, match),) = new
        rule = rules.Fault(service.namespace, service.name, delay, abort, match)
        if _in_form(rule) and _sound(rule):
            yield rule
    elif not new and mine is not None and (mine.delay, mine.abort, mine.match) not in after:
        yield rules.ClearFault(service.namespace, service.name)


def _content(
    fault: istio.ObservedFault,
) -> tuple[rules.Delay | None, rules.Abort | None, rules.FaultMatch | None]:
    return fault.delay, fault.abort, fault.match


def _in_form(rule: rules.Fault) -> bool:
    """Whether the form of faults has a field for all of it: the vocabulary has more than the form."""
    answers = rule.abort is None or rule.abort.http_status is not None
    return answers and (rule.match is None or isinstance(rule.match, rules.HeaderMatch))


def _sound(rule: rules.Rule) -> bool:
    try:
        rules.parse([rules.to_json(rule)])
    except rules.RulesError:
        return False
    return True
