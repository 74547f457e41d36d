"""Annotations in Istio's name: unknown, misplaced, deprecated, alpha, or with a value that cannot be read.
Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/annotations and maturity.
"""

from collections.abc import Iterator
from typing import Final

from routing.analysis.annotations import ANY, INSTEAD, KNOWN, VALID, is_istio
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import DEPLOYMENT, NAMESPACE, POD, SERVICE
from routing.analysis.meshes import INJECT
from routing.analysis.objects import Obj, objects, text
from routing.analysis.world import Look
from routing.rules import quoted

SUBJECTS: Final = (NAMESPACE, SERVICE, POD, DEPLOYMENT)
SET_BY_ISTIO: Final = frozenset(
    {"gateway.istio.io/controller-version", "istio.io/rev", "sidecar.istio.io/status"}
)
"""What Istio writes itself, on whatever kind: nobody can correct it."""
SET_BY_CNI: Final = frozenset(
    {
        "sidecar.istio.io/interceptionMode",
        "traffic.sidecar.istio.io/includeInboundPorts",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "traffic.sidecar.istio.io/includeOutboundIPRanges",
    }
)
"""What the injection writes on pods itself where the CNI plugin redirects the traffic."""


def _check(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    for name, value in obj.annotations.items():
        if not is_istio(name) or name in SET_BY_ISTIO:
            continue
        at = ("metadata", "annotations", name)
        known = KNOWN.get(name)
        if known is None:
            yield finding("IST0108", obj, at, f"Istio knows no annotation {quoted(name)}.")
            continue
        if known.deprecated and not (name == INJECT and INJECT in obj.labels):
            instead = f"; use {INSTEAD[name]}" if name in INSTEAD else ""
            yield finding("IST0135", obj, at, f"The annotation {quoted(name)} is deprecated{instead}.")
        if ANY in known.kinds:
            continue
        if obj.key.kind not in known.kinds:
            where = " or ".join(known.kinds)
            yield finding("IST0107", obj, at, f"The annotation {quoted(name)} has an effect on {where} only.")
        elif name in VALID and (problem := VALID[name](value)):
            message = f"The annotation {quoted(name)} cannot be {quoted(value)}: {problem}."
            yield finding("IST0125", obj, at, message)


def _check_alpha(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    usual = SET_BY_ISTIO | {"galley.istio.io/analyze-suppress"}
    starts = {text(one.get("name")) for _, one in objects(obj.spec.get("initContainers"))}
    if obj.key.group_kind == POD and "istio-init" not in starts:
        usual |= SET_BY_CNI
    for name in obj.annotations:
        known = KNOWN.get(name)
        if known is not None and known.alpha and name not in usual:
            message = f"The annotation {quoted(name)} belongs to a feature in its alpha phase."
            yield finding("IST0136", obj, ("metadata", "annotations", name), message)


ANALYZERS: Final = (
    analyzer("annotations.K8sAnalyzer", "IST0107 IST0108 IST0125 IST0135", SUBJECTS, _check),
    # istioctl leaves it out too where machines write annotations.
    analyzer("maturity.AlphaAnalyzer", "IST0136", SUBJECTS, _check_alpha, live=False),
)
