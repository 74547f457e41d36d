"""Workloads: what makes pods, each once, under the name of who is really in charge.

A pod belongs to its controller, a ReplicaSet to the Deployment or Rollout that owns it, a Job to its CronJob.
The owner counts even where it cannot be read itself: by the reference to it. Sources:
https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/ and, for ReplicaSets that
were not read, the hash that Deployments and Rollouts put into their names and their pods' labels.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cluster import objects
from cluster.inventory.labels import app_of, revision_of, version_of
from cluster.inventory.model import Workload
from cluster.inventory.pods import Seen, count, main_proxy, seen
from cluster.kinds import Kind

Item: TypeAlias = objects.Workload | objects.CronJob
ByKind: TypeAlias = Mapping[Kind, Iterable[Item]]
Key: TypeAlias = tuple[str, str, str]
"""Namespace, kind and name."""

_HASHES: Final = {"pod-template-hash": "Deployment", "rollouts-pod-template-hash": "Rollout"}
_FOLDED: Final = {"ReplicaSet": ("Deployment", "Rollout"), "Job": ("CronJob",)}
"""Which owners of a kind stand for it."""


def workloads(
    by_kind: ByKind,
    pods: Iterable[objects.Pod],
    namespaces: Iterable[objects.Namespace] = (),
    *,
    pods_hidden: Collection[str] = (),
) -> tuple[Workload, ...]:
    """The workloads, by namespace, name and kind. A pod counts for exactly one of them.

    `namespaces` tell which pods should have a proxy. `pods_hidden`: the namespaces whose pods may not be
    listed; there the counts are what the workloads' own status says.
    """
    places = {namespace.metadata.name: namespace for namespace in namespaces}
    return workloads_of(by_kind, seen(pods, places), pods_hidden)


def workloads_of(by_kind: ByKind, pods: Iterable[Seen], pods_hidden: Collection[str]) -> tuple[Workload, ...]:
    """As `workloads`, of what is read already."""
    gathered = _Gathered(by_kind)
    for pod in pods:
        gathered.add(pod)
    found = [_workload(key, group, pods_known=key[0] not in pods_hidden) for key, group in gathered.all()]
    return tuple(sorted(found, key=lambda each: (each.namespace, each.name, each.kind)))


@dataclass(slots=True)
class _Group:
    """One workload: itself if it was read, what it owns, and its pods."""

    item: Item | None = None
    owned: list[objects.Workload] = field(default_factory=list)
    pods: list[Seen] = field(default_factory=list)


class _Gathered:
    def __init__(self, by_kind: ByKind) -> None:
        self._groups: dict[Key, _Group] = {}
        self._in_charge: dict[Key, Key] = {}
        for kind, items in by_kind.items():
            for item in items:
                self._read(kind, item)

    def all(self) -> Iterable[tuple[Key, _Group]]:
        return self._groups.items()

    def add(self, pod: Seen) -> None:
        self._group(self._key_of(pod.pod)).pods.append(pod)

    def _read(self, kind: Kind, item: Item) -> None:
        metadata = item.metadata
        key = (metadata.namespace, kind.kind, metadata.name)
        owner = metadata.owner
        if isinstance(item, objects.Workload) and owner and owner.kind in _FOLDED.get(kind.kind, ()):
            self._in_charge[key] = (metadata.namespace, owner.kind, owner.name)
            self._group(self._in_charge[key]).owned.append(item)
        else:
            self._group(key).item = item

    def _group(self, key: Key) -> _Group:
        if key not in self._groups:
            self._groups[key] = _Group()
        return self._groups[key]

    def _key_of(self, pod: objects.Pod) -> Key:
        namespace, owner = pod.metadata.namespace, pod.metadata.owner
        if owner is None or owner.kind == "Node":
            # A static pod's mirror is owned by its node, which is nothing that makes pods.
            return (namespace, "Pod", pod.metadata.name)
        key = (namespace, owner.kind, owner.name)
        if key in self._in_charge:
            return self._in_charge[key]
        if owner.kind == "ReplicaSet" and key not in self._groups:
            return self._by_hash(key, pod.metadata.labels)
        return key

    def _by_hash(self, key: Key, labels: objects.Labels) -> Key:
        """The owner of a ReplicaSet that was not read: its name is the owner's, and the hash of its pods."""
        namespace, _, name = key
        for label, kind in _HASHES.items():
            stem = name.removesuffix(f"-{labels.get(label) or ''}")
            if stem not in (name, ""):
                return (namespace, kind, stem)
        return key


def _workload(key: Key, group: _Group, *, pods_known: bool) -> Workload:
    namespace, kind, name = key
    item, labels = group.item, _labels(group)
    counted = count(group.pods)
    total, ready = (counted.pods, counted.ready) if pods_known else _reported(group)
    owner = item.metadata.owner if item is not None else None
    return Workload(
        kind=kind,
        namespace=namespace,
        name=name,
        app=app_of(labels) or name,
        version=version_of(labels)[0] or revision_of(labels),
        wanted=1 if kind == "Pod" else _wanted(kind, group),
        pods=total,
        ready_pods=ready,
        pods_with_sidecar=counted.with_sidecar,
        pods_ambient=counted.ambient,
        pods_missing_proxy=counted.missing_proxy,
        labels=labels,
        owner=f"{owner.kind} {owner.name}" if owner else "",
        proxy=main_proxy(group.pods),
        suspended=isinstance(item, objects.CronJob) and bool(item.spec.suspend),
        pods_known=pods_known,
    )


def _labels(group: _Group) -> objects.Labels:
    """The labels of the pod template: its own, else that of what it owns that runs, else those of a pod."""
    own = group.item.spec.template.metadata.labels if group.item is not None else {}
    if own or not group.owned:
        return own or (group.pods[0].labels if group.pods else {})
    # Of several ReplicaSets, the one that runs the most; the uid only makes it always the same one.
    largest = max(group.owned, key=lambda each: (each.spec.replicas or 0, each.metadata.uid))
    return largest.spec.template.metadata.labels


def _wanted(kind: str, group: _Group) -> int | None:
    item = group.item
    if kind in ("Job", "CronJob"):
        # How many a Job keeps running follows from its parallelism and from what is left to do; it says so.
        jobs = [item, *group.owned] if isinstance(item, objects.Workload) else group.owned
        return sum(job.status.active or 0 for job in jobs)
    if isinstance(item, objects.Workload):
        if kind == "DaemonSet":
            return item.status.desired_number_scheduled
        # A Deployment that says nothing wants one (apps/v1); so does Argo's Rollout.
        return 1 if item.spec.replicas is None else item.spec.replicas
    return sum(each.spec.replicas or 0 for each in group.owned) if group.owned else None


def _reported(group: _Group) -> tuple[int, int]:
    """How many pods there are, and how many are ready, by the word of the workload or of what it owns."""
    item = group.item
    said = [item] if isinstance(item, objects.Workload) else group.owned
    statuses = [each.status for each in said]
    total = sum(s.replicas or s.current_number_scheduled or s.active or 0 for s in statuses)
    return total, sum(s.ready_replicas or s.number_ready or s.ready or 0 for s in statuses)
