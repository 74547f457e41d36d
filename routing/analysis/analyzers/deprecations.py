"""Fields, kinds and providers that Istio has deprecated, and Telemetries that do nothing. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/deprecation and telemetry.
"""

from collections.abc import Iterator
from typing import Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import CRD, SIDECAR, TELEMETRY, VIRTUAL_SERVICE
from routing.analysis.objects import Obj, dig, items, mapping, number, objects, text
from routing.analysis.world import Look
from routing.rules import quoted

REMOVED: Final = frozenset({"ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"})


def _check_fields(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if obj.key.group_kind == SIDECAR:
        if isinstance(dig(obj.spec, "outboundTrafficPolicy", "egressProxy"), dict):
            at = ("spec", "outboundTrafficPolicy", "egressProxy")
            yield finding("IST0002", obj, at, "egressProxy is deprecated and has no effect.")
        return
    for index, rule in objects(obj.spec.get("http")):
        if (number(dig(rule, "fault", "delay", "percent")) or 0) > 0:
            message = "fault.delay.percent is deprecated; write fault.delay.percentage.value."
            yield finding("IST0002", obj, ("spec", "http", index, "fault", "delay", "percent"), message)


def _check_definition(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    kind = text(dig(obj.spec, "names", "kind"))
    if obj.spec.get("group") == "rbac.istio.io" and kind in REMOVED:
        yield finding("IST0002", obj, ("spec", "names", "kind"), f"Istio no longer reads {kind}.")


def _check_tracing(look: Look, obj: Obj) -> Iterator[Finding]:
    retired = {
        text(provider.get("name"))
        for _, provider in objects(look.mesh.config.get("extensionProviders"))
        if isinstance(provider.get("lightstep"), dict)
    }
    for index, tracing in objects(obj.spec.get("tracing")):
        for provider_index, provider in objects(tracing.get("providers")):
            if text(provider.get("name")) in retired:
                at = ("spec", "tracing", index, "providers", provider_index, "name")
                message = f"{quoted(text(provider.get('name')))} is a Lightstep provider; use OpenTelemetry."
                yield finding("IST0002", obj, at, message)


def _check_logging(look: Look, obj: Obj) -> Iterator[Finding]:
    if items(dig(look.mesh.config, "defaultProviders", "accessLogging")):
        return
    for index, logging in objects(obj.spec.get("accessLogging")):
        if not items(logging.get("providers")) and mapping(logging).get("disabled") is not True:
            message = "Access logging has no provider here, and the mesh has no default one."
            yield finding("IST0157", obj, ("spec", "accessLogging", index), message)
            return


ANALYZERS: Final = (
    analyzer("deprecation.FieldAnalyzer", "IST0002", (VIRTUAL_SERVICE, SIDECAR), _check_fields),
    analyzer("deprecation.FieldAnalyzer", "IST0002", (CRD,), _check_definition),
    analyzer("telemetry.LightstepAnalyzer", "IST0002", (TELEMETRY,), _check_tracing),
    analyzer("telemetry.ProviderAnalyzer", "IST0157", (TELEMETRY,), _check_logging),
)
