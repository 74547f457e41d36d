"""What all rules about the requests to a service have in common: which resources steer it now. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from cluster import inventory, kinds
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing import istio
from routing.drafting.draft import Draft, needs
from routing.problems import Need, info
from routing.rules import Rule


@dataclass(frozen=True, slots=True)
class Steering:
    """The service of a rule, the draft, and `field`, the path of the rule in the request."""

    draft: Draft
    service: inventory.Service
    field: str

    @property
    def virtual(self) -> istio.VirtualServices:
        """The VirtualServices about the service, as the draft has them."""
        place, name = self.service.namespace, self.service.name
        host = istio.service_host(place, name)
        return istio.virtual_services_of(self.draft.about(VIRTUAL_SERVICE, host), place, name)

    @property
    def destination_rules(self) -> istio.DestinationRules:
        """The DestinationRules about the service, as the draft has them."""
        place, name = self.service.namespace, self.service.name
        host = istio.service_host(place, name)
        return istio.destination_rules_of(self.draft.about(DESTINATION_RULE, host), place, name)

    def routed(self) -> istio.VirtualServices:
        """The VirtualServices about the service. Raises CannotApply where several claim its host."""
        virtual = self.virtual
        if virtual.rivals:
            raise istio.CannotApply("IST0109", _rivals_message(virtual))
        return virtual

    def virtual_service_to_write(self) -> Manifest:
        """The VirtualService that routes the service, or a new one that changes nothing."""
        found = self.routed().main
        if found is not None:
            return found
        taken = self.draft.names(VIRTUAL_SERVICE, self.service.namespace)
        nothing = istio.Subsets({}, {})
        return istio.new_virtual_service(self.service.namespace, self.service.name, taken, {}, nothing)

    def destination_rule_to_write(self) -> Manifest:
        """The DestinationRule for exactly this service, or a new one that is as the wildcard's before it."""
        found = self.destination_rules
        self._about_duplicates(found)
        self.draft.sources.update(needs([found.effective] if found.effective else []))
        if found.main is not None:
            return found.main
        if found.wildcard is not None:
            self._about_wildcard_rule(found.wildcard)
        taken = self.draft.names(DESTINATION_RULE, self.service.namespace)
        return istio.new_destination_rule(self.service, taken, found.wildcard)

    def require_port(self, number: int, field: str = "port") -> None:
        """Raises CannotApply, at the field of the rule, for a port that the service does not have."""
        ports = [port.number for port in self.service.ports]
        if number not in ports:
            known = ", ".join(map(str, ports)) or "none"
            message = f"Service {self.service.name} has no port {number}; it has {known}."
            raise istio.CannotApply("UNKNOWN_PORT", message, field)

    def with_subsets(self, wanted: list[str]) -> istio.Subsets:
        """The subsets of the service, with one for each wanted version added to the draft where it is
        missing.
        """
        found = self.destination_rules
        subsets = istio.read_subsets(found.effective, self.service)
        missing = [version for version in wanted if version not in subsets.by_version]
        self._about_destination_rules(found, wanted)
        if not missing:
            return subsets
        taken = self.draft.names(DESTINATION_RULE, self.service.namespace)
        if found.main is None and found.wildcard is not None:
            self._about_wildcard_rule(found.wildcard)
        changed = istio.ensure_subsets(
            found.main, self.service, missing, taken=taken, template=found.wildcard
        )
        self.draft.put(changed, f"Names the pods of {', '.join(missing)} so that routes can choose them.")
        return istio.read_subsets(changed, self.service)

    def about_virtual_services(self, virtual: istio.VirtualServices) -> None:
        """Warns of what else routes the service."""
        for item in virtual.gateway_only:
            message = (
                f"{istio.name_of(item)} also sends requests to {self.service.name}, from a gateway only; "
                "it is not changed, and requests that come through that gateway do not follow this rule."
            )
            self.draft.warn("GATEWAY_ONLY", message, self.field, item)
        if virtual.main is not None and len(istio.hosts_of(virtual.main)) > 1:
            hosts = ", ".join(istio.hosts_of(virtual.main))
            message = (
                f"{istio.name_of(virtual.main)} is for several hosts ({hosts}); the rule meets all of them."
            )
            self.draft.warn("SHARED_HOSTS", message, self.field, virtual.main)
        if virtual.main is None and virtual.wildcard is not None:
            name = istio.name_of(virtual.wildcard)
            message = (
                f"{name} routes {self.service.name} by a wildcard; a rule for exactly this host replaces it."
            )
            self.draft.warn("WILDCARD_REPLACED", message, self.field, virtual.wildcard)

    def about_missing_elsewhere(self, wanted: Iterable[str]) -> None:
        """Warns of callers with a DestinationRule of their own, which lacks a wanted version."""
        self._about_lacking(self.destination_rules, wanted)

    def _about_destination_rules(self, found: istio.DestinationRules, wanted: Iterable[str]) -> None:
        self._about_duplicates(found)
        self._about_lacking(found, wanted)

    def _about_duplicates(self, found: istio.DestinationRules) -> None:
        if found.main is not None and found.duplicates:
            others = ", ".join(istio.name_of(item) for item in found.duplicates)
            message = f"{others} is about the same host as {istio.name_of(found.main)}, which comes first."
            self.draft.warn("DUPLICATE_DESTINATION_RULE", message, self.field, *found.duplicates, found.main)

    def _about_lacking(self, found: istio.DestinationRules, wanted: Iterable[str]) -> None:
        for item in found.elsewhere:
            lacking = set(wanted) - set(istio.read_subsets(item, self.service).by_version)
            if lacking:
                message = (
                    f"Callers in namespace {istio.namespace_of(item)} use {istio.name_of(item)}, which has "
                    f"no subset for {', '.join(sorted(lacking))}; their requests for it would fail."
                )
                self.draft.warn("SUBSET_MISSING_ELSEWHERE", message, self.field, item)

    def _about_wildcard_rule(self, wildcard: Manifest) -> None:
        name = istio.name_of(wildcard)
        message = f"{name} no longer applies to {self.service.name}; its traffic policy is copied."
        self.draft.problems.append(info("WILDCARD_REPLACED", message, self.field, name, needs([wildcard])))


def steers(draft: Draft, rule: Rule) -> list[Need]:
    """All that steers a rule's service: a refusal may name any of it."""
    host = istio.service_host(rule.namespace, rule.service)
    virtual = istio.virtual_services_of(draft.about(VIRTUAL_SERVICE, host), rule.namespace, rule.service)
    found = istio.destination_rules_of(draft.about(DESTINATION_RULE, host), rule.namespace, rule.service)
    routes = (virtual.main, virtual.wildcard, *virtual.rivals, *virtual.gateway_only)
    policies = (found.main, found.wildcard, *found.duplicates, *found.elsewhere)
    return needs(item for item in (*routes, *policies) if item)


def pods_of(service: inventory.Service) -> list[Need]:
    """What must be readable to be told of a service's versions."""
    return [(kinds.POD, service.namespace)]


def _rivals_message(virtual: istio.VirtualServices) -> str:
    names = ", ".join(istio.name_of(item) for item in (virtual.main, *virtual.rivals) if item)
    return (
        f"{names} all claim this host for callers in the mesh; which of them is in force is undefined. "
        "Leave one of them first."
    )
