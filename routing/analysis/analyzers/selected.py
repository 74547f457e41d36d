"""Sidecars and Telemetries: each workload obeys one of them, so no two may be for the same. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/sidecar/selector.go, telemetry/selector.go and
telemetry/default_selector.go.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from routing.analysis.findings import Finding, analyzer, few, finding, named
from routing.analysis.kinds import NAMESPACE, SIDECAR, TELEMETRY
from routing.analysis.meshes import namespace_is_ambient, pod_is_ambient
from routing.analysis.objects import Obj, dig, items, texts
from routing.analysis.selectors import covers, pods, selector_text
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted
from routing.yaml_files import Path

SIDECAR_AT: Final[Path] = ("spec", "workloadSelector", "labels")
TELEMETRY_AT: Final[Path] = ("spec", "selector", "matchLabels")


def _sidecar_labels(obj: Obj) -> Mapping[str, str]:
    return texts(dig(obj.spec, "workloadSelector", "labels"))


def _telemetry_labels(obj: Obj) -> Mapping[str, str]:
    return texts(dig(obj.spec, "selector", "matchLabels"))


def has_target(obj: Obj) -> bool:
    """Whether a policy says by name what it is for."""
    return isinstance(obj.spec.get("targetRef"), dict) or bool(items(obj.spec.get("targetRefs")))


def _by_namespace(labels: Callable[[Obj], Mapping[str, str]]) -> Callable[[Obj, Mesh], Iterable[Hashable]]:
    def keys(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
        if labels(obj):
            yield (obj.namespace, *min(labels(obj).items()))
        elif not has_target(obj):
            yield obj.namespace, "all"

    return keys


SIDECARS: Final = Index("sidecar", (SIDECAR,), _by_namespace(_sidecar_labels))
TELEMETRIES: Final = Index("telemetry", (TELEMETRY,), _by_namespace(_telemetry_labels))
_ABOUT: Final = {
    SIDECAR: (SIDECARS, _sidecar_labels, "IST0110", SIDECAR_AT),
    TELEMETRY: (TELEMETRIES, _telemetry_labels, "IST0159", TELEMETRY_AT),
}


def _without_selector(look: Look, obj: Obj, index: Index, code: str) -> Iterator[Finding]:
    rivals = few(other for other in look.at(index, (obj.namespace, "all")) if other is not obj)
    if rivals:
        message = f"{named(rivals)} has no selector either: which one is in force is not defined."
        yield finding(code, obj, ("spec",), message, *rivals)


def _no_pod(obj: Obj, at: Path, labels: Mapping[str, str]) -> Finding:
    message = f"No pod in {quoted(obj.namespace)} has the labels {quoted(selector_text(labels))}."
    return finding("IST0101", obj, at, message)


def _check_sidecar(look: Look, obj: Obj) -> Iterator[Finding]:
    labels = _sidecar_labels(obj)
    if labels:
        selected = pods(look, labels, obj.namespace)
        if not selected:
            yield _no_pod(obj, SIDECAR_AT, labels)
        ambient = next((pod for pod in selected if pod_is_ambient(pod)), None)
        if ambient is not None:
            yield finding("IST0167", obj, SIDECAR_AT, f"{ambient.key} is in ambient mode and has no sidecar.")
        rest = [pod for pod in selected if not pod_is_ambient(pod)]
        yield from _conflicts(look, obj, rest)
    elif namespace_is_ambient(look.get(NAMESPACE, "", obj.namespace)):
        message = f"The namespace {quoted(obj.namespace)} is in ambient mode: its pods have no sidecars."
        yield finding("IST0167", obj, ("spec",), message)
    else:
        yield from _without_selector(look, obj, SIDECARS, "IST0111")


def _conflicts(look: Look, obj: Obj, selected: Sequence[Obj]) -> Iterator[Finding]:
    """One finding for each set of rivals, with the first pod that they share."""
    index, labels, code, at = _ABOUT[obj.key.group_kind]
    told: set[tuple[Obj, ...]] = set()
    alike: dict[tuple[tuple[str, str], ...], Obj] = {}
    for pod in selected:
        alike.setdefault(tuple(sorted(pod.labels.items())), pod)
    for pairs, pod in alike.items():
        others = (other for pair in pairs for other in look.at(index, (obj.namespace, *pair)))
        rivals = few(other for other in others if other is not obj and covers(labels(other), pod.labels))
        if rivals and tuple(rivals) not in told:
            told.add(tuple(rivals))
            yield finding(code, obj, at, f"{named(rivals)} selects {pod.key} too.", pod, *rivals)


def _check_telemetry(look: Look, obj: Obj) -> Iterator[Finding]:
    labels = _telemetry_labels(obj)
    if not labels:
        return
    selected = pods(look, labels, obj.namespace)
    if not selected:
        yield _no_pod(obj, TELEMETRY_AT, labels)
    yield from _conflicts(look, obj, selected)


def _check_default_telemetry(look: Look, obj: Obj) -> Iterator[Finding]:
    if not _telemetry_labels(obj) and not has_target(obj):
        yield from _without_selector(look, obj, TELEMETRIES, "IST0160")


ANALYZERS: Final = (
    analyzer("sidecar.SelectorAnalyzer", "IST0101 IST0110 IST0111 IST0167", (SIDECAR,), _check_sidecar),
    analyzer("telemetry.SelectorAnalyzer", "IST0101 IST0159", (TELEMETRY,), _check_telemetry),
    analyzer("telemetry.DefaultSelectorAnalyzer", "IST0160", (TELEMETRY,), _check_default_telemetry),
)
