"""Who else manages a resource, and what becomes of a change that he does not know of. Pure.

Known by the labels and annotations that each of them puts on its objects, and by `metadata.managedFields`,
where the API server writes down who set which field. Sources: the documentation of Argo CD (resource
tracking), Flux (kustomize-controller, helm-controller), Helm (app.kubernetes.io/managed-by,
meta.helm.sh/release-name), Flagger (ownerReferences) and Argo Rollouts (traffic management with Istio).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.refs import Manifest
from routing.diff import LAST_APPLIED
from routing.operations import Operation
from routing.problems import Problem, info, warning
from routing.rules import quoted

OWN: Final = "meshui"
_IN_GIT: Final = "Put the change in Git instead: each write of the plan can be copied as a patch."


@dataclass(frozen=True, slots=True)
class Manager:
    """Who manages an object, and what happens to a change; `acts`: he does so by himself."""

    name: str
    consequence: str
    acts: bool = True


def of(manifest: Manifest | None) -> tuple[Manager, ...]:
    """Who else manages an object, those that act by themselves first."""
    if manifest is None:
        return ()
    known = tuple(_controllers(manifest))
    return known or tuple(_others(manifest))


def warnings(operations: Iterable[Operation]) -> list[Problem]:
    """What to know of the other managers of what is to be written, once for each object."""
    found: dict[str, list[Problem]] = {}
    for item in operations:
        found.setdefault(str(item.ref), [_told(item, each) for each in of(item.before)])
    return [problem for told in found.values() for problem in told]


def _told(item: Operation, manager: Manager) -> Problem:
    level = warning if manager.acts else info
    message = f"{item.ref} is also managed by {manager.name}. {manager.consequence}"
    needs = [(item.ref.kind, item.ref.namespace)]
    return level("MANAGED_ELSEWHERE", message, resource=str(item.ref), needs=needs)


def _controllers(manifest: Manifest) -> Iterator[Manager]:
    labels, annotations = _texts(manifest, "labels"), _texts(manifest, "annotations")
    writers = set(_writers(manifest))
    yield from _argo_cd(labels, annotations, writers)
    yield from _flux(labels)
    yield from _helm(labels, annotations)
    yield from _flagger(manifest, writers)
    yield from _rollouts(manifest, annotations, writers)


def _argo_cd(
    labels: Mapping[str, str], annotations: Mapping[str, str], writers: set[str]
) -> Iterator[Manager]:
    by_id = annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")[0]
    by_label = labels.get("argocd.argoproj.io/instance", "")
    # Helm charts set this label as well; alone it says nothing.
    shared = labels.get("app.kubernetes.io/instance", "") if "argocd-controller" in writers else ""
    name = by_id or by_label or shared
    if name or "argocd-controller" in writers:
        about = f"Argo CD (application {quoted(name)})" if name else "Argo CD"
        yield Manager(about, f"Where self-heal is on, it will set it back within minutes. {_IN_GIT}")


def _flux(labels: Mapping[str, str]) -> Iterator[Manager]:
    for label, kind in (
        ("kustomize.toolkit.fluxcd.io/name", "Kustomization"),
        ("helm.toolkit.fluxcd.io/name", "HelmRelease"),
    ):
        if name := labels.get(label):
            consequence = "It will set it back at its next reconciliation, mostly within ten minutes."
            if kind == "HelmRelease":
                consequence = (
                    "The next release sets it back; drift detection, where it is on, does so before."
                )
            yield Manager(f"Flux ({kind} {quoted(name)})", f"{consequence} {_IN_GIT}")


def _helm(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Iterator[Manager]:
    if labels.get("helm.toolkit.fluxcd.io/name"):
        return
    name = annotations.get("meta.helm.sh/release-name", "")
    if name or labels.get("app.kubernetes.io/managed-by") == "Helm":
        about = f"Helm (release {quoted(name)})" if name else "Helm"
        yield Manager(about, f"The next upgrade of the release may set it back or fail. {_IN_GIT}")


def _flagger(manifest: Manifest, writers: set[str]) -> Iterator[Manager]:
    owners = manifest["metadata"].get("ownerReferences") or ()
    canary = next((each for each in owners if each.get("kind") == "Canary"), None)
    if canary is not None or "flagger" in writers:
        about = f"Flagger (Canary {quoted(str(canary.get('name', '')))})" if canary else "Flagger"
        yield Manager(
            about,
            "It sets weights and routes back within its next check, and a running analysis would be misled. "
            "Change the Canary instead.",
        )


def _rollouts(manifest: Manifest, annotations: Mapping[str, str], writers: set[str]) -> Iterator[Manager]:
    by = annotations.get("argo-rollouts.argoproj.io/managed-by-rollouts", "")
    subsets = (manifest.get("spec") or {}).get("subsets") or ()
    hashes = any("rollouts-pod-template-hash" in (each.get("labels") or {}) for each in subsets)
    if by or hashes or "rollouts-controller" in writers:
        about = f"Argo Rollouts (Rollout {quoted(by)})" if by else "Argo Rollouts"
        yield Manager(
            about,
            "It owns the weights of the routes that the Rollout names, and sets them at its next step. "
            "Change the Rollout instead.",
        )


def _others(manifest: Manifest) -> Iterator[Manager]:
    writers = {writer for writer in _writers(manifest) if writer != OWN}
    by_kubectl = LAST_APPLIED in _texts(manifest, "annotations")
    if by_kubectl or any(writer.startswith("kubectl") for writer in writers):
        yield Manager("kubectl", "Whoever applies its file again sets it back.", acts=False)
    for writer in sorted(writer for writer in writers if not writer.startswith("kubectl")):
        yield Manager(quoted(writer), "It may set it back.", acts=False)


def _writers(manifest: Manifest) -> Iterator[str]:
    """Who wrote fields of an object, its status left out."""
    for entry in manifest["metadata"].get("managedFields") or ():
        if entry.get("manager") and entry.get("subresource") != "status":
            yield str(entry["manager"])


def _texts(manifest: Manifest, name: str) -> dict[str, str]:
    found: Any = manifest["metadata"].get(name)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
