"""The resources of a plan while it is being made: each rule changes
the draft that the rules before it left. Pure.
"""

from collections.abc import Iterable

from cluster import inventory, kinds
from cluster.refs import Manifest, Ref
from routing import istio
from routing.problems import Need, Problem, error, info, warning
from routing.rules import ClearFault, Fault, Rule, Split
from routing.sentences import fault_sentence, split_sentence


class Draft:
    """VirtualServices and DestinationRules as the rules so far want them, and the problems found.

    `sources`: whose text went into them, though they may not be written: a policy that is copied, a subset
    that a route names.
    """

    def __init__(self, virtual_services: Iterable[Manifest], destination_rules: Iterable[Manifest]) -> None:
        self.problems: list[Problem] = []
        self.sources: set[Need] = set()
        self._virtual_services = {Ref.of(item): item for item in virtual_services}
        self._destination_rules = {Ref.of(item): item for item in destination_rules}
        self._why: dict[Ref, list[str]] = {}

    def resources(self) -> dict[Ref, Manifest]:
        """Every resource of the draft."""
        return {**self._destination_rules, **self._virtual_services}

    def why(self, ref: Ref) -> str:
        """Why a resource changes, in one or more sentences."""
        return " ".join(self._why.get(ref, []))

    def apply(self, rule: Rule, service: inventory.Service, field: str) -> None:
        """Makes a rule true in the draft, or notes as an error why
        it cannot be; then the draft stays as it was.
        """
        before = dict(self._virtual_services), dict(self._destination_rules), _copy(self._why)
        try:
            self._apply(rule, service, field)
        except istio.CannotApply as refusal:
            self._virtual_services, self._destination_rules, self._why = before
            at = f"{field}.{refusal.field}" if refusal.field else field
            self.problems.append(error(refusal.code, refusal.message, at, needs=self._about(rule)))

    def _apply(self, rule: Rule, service: inventory.Service, field: str) -> None:
        virtual = istio.virtual_services_of(self._virtual_services.values(), rule.namespace, rule.service)
        if virtual.rivals:
            raise istio.CannotApply("IST0109", _rivals_message(virtual))
        if isinstance(rule, Split):
            if self._knows_versions(rule, service, field):
                self._split(rule, service, virtual, field)
        elif isinstance(rule, Fault):
            self._fault(rule, virtual, field)
        else:
            self._clear_fault(rule, virtual, field)
        self._about_virtual_services(virtual, service, field)

    def _about(self, rule: Rule) -> list[Need]:
        """All that steers a service: a refusal may name any of it."""
        virtual = istio.virtual_services_of(self._virtual_services.values(), rule.namespace, rule.service)
        found = istio.destination_rules_of(self._destination_rules.values(), rule.namespace, rule.service)
        routes = (virtual.main, virtual.wildcard, *virtual.rivals, *virtual.gateway_only)
        policies = (found.main, found.wildcard, *found.duplicates, *found.elsewhere)
        return _needs(item for item in (*routes, *policies) if item)

    def _split(
        self, rule: Split, service: inventory.Service, virtual: istio.VirtualServices, field: str
    ) -> None:
        found = istio.destination_rules_of(self._destination_rules.values(), rule.namespace, rule.service)
        before = istio.read_subsets(found.effective, service)
        self.sources.update(_needs([found.effective] if found.effective else []))
        weighted = [version for version, weight in rule.weights.items() if weight]
        subsets = self._with_subsets(found, service, weighted, field)
        shares: dict[str, float] = {}
        if virtual.main is not None:
            shares = istio.read_weights(virtual.main, rule.namespace, rule.service, before) or {}
        self._about_ready_pods(rule, service, shares, field)
        if virtual.main is not None:
            changed = istio.set_split(virtual.main, rule, subsets)
        else:
            taken = self._names_in(self._virtual_services, rule.namespace)
            changed = istio.new_virtual_service(rule.namespace, rule.service, taken, rule.weights, subsets)
        self._put_virtual_service(changed, f"Sends {split_sentence(rule.weights)}.")

    def _fault(self, rule: Fault, virtual: istio.VirtualServices, field: str) -> None:
        base = virtual.main
        if base is None:
            taken = self._names_in(self._virtual_services, rule.namespace)
            nothing = istio.Subsets({}, {})
            base = istio.new_virtual_service(rule.namespace, rule.service, taken, {}, nothing)
        changed, notices = istio.set_fault(base, rule)
        self._put_virtual_service(changed, f"Sets a fault: {fault_sentence(rule)}.")
        self._notices(notices, changed, field)
        self._about_everyone(rule, field)

    def _clear_fault(self, rule: ClearFault, virtual: istio.VirtualServices, field: str) -> None:
        if virtual.main is None:
            return
        changed, notices = istio.clear_fault(virtual.main)
        self._put_virtual_service(changed, f"Takes back the fault on {rule.service}.")
        self._notices(notices, changed, field)

    def _with_subsets(
        self, found: istio.DestinationRules, service: inventory.Service, wanted: list[str], field: str
    ) -> istio.Subsets:
        """The subsets of the service, with one for each wanted
        version added to the draft where it is missing.
        """
        subsets = istio.read_subsets(found.effective, service)
        missing = [version for version in wanted if version not in subsets.by_version]
        self._about_destination_rules(found, service, wanted, field)
        if not missing:
            return subsets
        taken = self._names_in(self._destination_rules, service.namespace)
        if found.main is None and found.wildcard is not None:
            self._about_wildcard_rule(found.wildcard, service, field)
        changed = istio.ensure_subsets(found.main, service, missing, taken=taken, template=found.wildcard)
        ref = Ref.of(changed)
        self._destination_rules[ref] = changed
        names = ", ".join(missing)
        self._why.setdefault(ref, []).append(f"Names the pods of {names} so that routes can choose them.")
        return istio.read_subsets(changed, service)

    def _put_virtual_service(self, manifest: Manifest, why: str) -> None:
        ref = Ref.of(manifest)
        self._virtual_services[ref] = manifest
        self._why.setdefault(ref, []).append(why)

    def _names_in(self, resources: dict[Ref, Manifest], namespace: str) -> set[str]:
        return {ref.name for ref in resources if ref.namespace == namespace}

    def _knows_versions(self, rule: Split, service: inventory.Service, field: str) -> bool:
        known = [version.version for version in service.versions]
        unknown = [version for version in rule.weights if version not in known]
        for version in unknown:
            message = f"Service {service.name} has no version {version}; it has {', '.join(known) or 'none'}."
            told = [(kinds.POD, service.namespace)]
            self.problems.append(error("UNKNOWN_VERSION", message, f"{field}.weights.{version}", needs=told))
        return not unknown

    def _about_ready_pods(
        self, rule: Split, service: inventory.Service, shares: dict[str, float], field: str
    ) -> None:
        alive = any(version.ready_pods for version in service.versions) or service.pods_without_version
        for version in service.versions:
            weight = rule.weights.get(version.version, 0)
            if not weight or version.ready_pods:
                continue
            message = f"{version.version} has no ready pod; {weight} % of the requests would fail."
            if not service.pods_known:
                message = (
                    f"Whether {version.version} has a ready pod is not known: you may not list pods here."
                )
            # Taking weight away from a version that is down helps, even if not all of it goes. Where no
            # version has a ready pod, every request fails as it is, and no weight makes that worse.
            shrinks = weight <= shares.get(version.version, 0)
            level = warning if shrinks or not (alive and service.pods_known) else error
            told = [(kinds.POD, service.namespace)]
            self.problems.append(
                level("NO_READY_PODS", message, f"{field}.weights.{version.version}", needs=told)
            )

    def _about_everyone(self, rule: Fault, field: str) -> None:
        parts = [part for part in (rule.delay, rule.abort) if part and part.percentage >= 100]
        if rule.match is None and parts:
            message = f"This meets every request to {rule.service}, of every caller."
            self.problems.append(warning("FAULT_FOR_EVERYONE", message, field))

    def _about_virtual_services(
        self, virtual: istio.VirtualServices, service: inventory.Service, field: str
    ) -> None:
        for item in virtual.gateway_only:
            message = (
                f"{istio.name_of(item)} also sends requests to {service.name}, from a gateway only; "
                "it is not changed, and requests that come through that gateway do not follow this rule."
            )
            self._warn("GATEWAY_ONLY", message, field, item)
        if virtual.main is not None and len(istio.hosts_of(virtual.main)) > 1:
            hosts = ", ".join(istio.hosts_of(virtual.main))
            message = (
                f"{istio.name_of(virtual.main)} is for several hosts ({hosts}); the rule meets all of them."
            )
            self._warn("SHARED_HOSTS", message, field, virtual.main)
        if virtual.main is None and virtual.wildcard is not None:
            name = istio.name_of(virtual.wildcard)
            message = f"{name} routes {service.name} by a wildcard; a rule for exactly this host replaces it."
            self._warn("WILDCARD_REPLACED", message, field, virtual.wildcard)

    def _about_destination_rules(
        self, found: istio.DestinationRules, service: inventory.Service, wanted: list[str], field: str
    ) -> None:
        if found.main is not None and found.duplicates:
            others = ", ".join(istio.name_of(item) for item in found.duplicates)
            message = f"{others} is about the same host as {istio.name_of(found.main)}, which comes first."
            self._warn("DUPLICATE_DESTINATION_RULE", message, field, *found.duplicates, found.main)
        for item in found.elsewhere:
            lacking = set(wanted) - set(istio.read_subsets(item, service).by_version)
            if lacking:
                message = (
                    f"Callers in namespace {istio.namespace_of(item)} use {istio.name_of(item)}, which has "
                    f"no subset for {', '.join(sorted(lacking))}; their requests for it would fail."
                )
                self._warn("SUBSET_MISSING_ELSEWHERE", message, field, item)

    def _about_wildcard_rule(self, wildcard: Manifest, service: inventory.Service, field: str) -> None:
        name = istio.name_of(wildcard)
        message = f"{name} no longer applies to {service.name}; its traffic policy is copied."
        self.problems.append(info("WILDCARD_REPLACED", message, field, name, _needs([wildcard])))

    def _notices(self, notices: Iterable[istio.Notice], manifest: Manifest, field: str) -> None:
        for notice in notices:
            self._warn(notice.code, notice.message, field, manifest)

    def _warn(self, code: str, message: str, field: str, *named: Manifest) -> None:
        """A warning about an object, the first of those that its message names."""
        self.problems.append(warning(code, message, field, istio.name_of(named[0]), _needs(named)))


def _needs(named: Iterable[Manifest]) -> list[Need]:
    found = {(kinds.of(item), istio.namespace_of(item)) for item in named}
    return sorted(found, key=lambda need: (need[0].kind, need[1]))


def _copy(sentences: dict[Ref, list[str]]) -> dict[Ref, list[str]]:
    return {ref: [*lines] for ref, lines in sentences.items()}


def _rivals_message(virtual: istio.VirtualServices) -> str:
    names = ", ".join(istio.name_of(item) for item in (virtual.main, *virtual.rivals) if item)
    return (
        f"{names} all claim this host for callers in the mesh; which of them is in force is undefined. "
        "Leave one of them first."
    )
