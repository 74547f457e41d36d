"""The Deployment controller: ReplicaSets per revision of a Deployment's template, and its status.

What `kubectl rollout status|history|undo|restart|pause`, `scale` and `set image` expect, as
kube-controller-manager does it. The arithmetic lives in `rollout`.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads import rollout
from localmesh.workloads.deployment_status import status_of
from localmesh.workloads.events import Recorder
from localmesh.workloads.objects import (
    Object,
    annotations,
    controlled_by,
    digest,
    name,
    namespace,
    owner_reference,
    spec,
    status,
    terminating,
)

REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MAX = "deployment.kubernetes.io/max-replicas"
HASH = "pod-template-hash"
# Not handed on from a Deployment to its ReplicaSets.
_OWN_ANNOTATIONS = (REVISION, _DESIRED, _MAX, "kubectl.kubernetes.io/last-applied-configuration")
_HISTORY = 10


class Deployments:
    """Reconciles all Deployments in one synchronous pass."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._events = Recorder(store, "deployment-controller", clock)

    def reconcile(self) -> None:
        """Bring ReplicaSets and statuses of all Deployments one step nearer."""
        replica_sets = self._store.list(kinds.REPLICA_SETS)
        for deployment in self._store.list(kinds.DEPLOYMENTS):
            if not terminating(deployment):
                owned = [each for each in replica_sets if controlled_by(each, deployment)]
                self._one(deployment, sorted(owned, key=revision))

    def _one(self, deployment: Object, owned: list[Object]) -> None:
        new = find_new(deployment, owned)
        old = [each for each in owned if each is not new]
        paused = bool(spec(deployment).get("paused"))
        if new is None and not paused and self._may_start(deployment, old):
            new = self._create(deployment, old)
        elif new is not None and not paused:
            new = self._mark_newest(new, old)
        if not paused:
            self._scale(deployment, new, old)
            self._clean(deployment, old)
        elif new is not None and not any(rollout.counts(each).replicas for each in old):
            self._set_replicas(deployment, new, rollout.desired(deployment))
        self._report(deployment, new)

    def _may_start(self, deployment: Object, old: list[Object]) -> bool:
        """Recreate waits until the last old pod is gone."""
        if (spec(deployment).get("strategy") or {}).get("type") != "Recreate":
            return True
        names = {each["metadata"]["uid"] for each in old}
        pods = self._store.list(kinds.PODS, namespace(deployment))
        return not any(
            owner["uid"] in names for pod in pods for owner in pod["metadata"].get("ownerReferences") or ()
        )

    def _create(self, deployment: Object, old: list[Object]) -> Object:
        made = replica_set(deployment, number=max(map(revision, old), default=0) + 1)
        empty = rollout.Counts(name(made), 0, 0)
        made["spec"]["replicas"] = rollout.new_replicas(
            empty, map(rollout.counts, old), rollout.desired(deployment), rollout.bounds(deployment)
        )
        created = self._store.create(kinds.REPLICA_SETS, made)
        self._tell_scaled(deployment, created, 0, made["spec"]["replicas"])
        return created

    def _mark_newest(self, new: Object, old: list[Object]) -> Object:
        """An undo makes an old ReplicaSet the newest again: it gets a new revision."""
        newest = max(map(revision, old), default=0)
        if revision(new) > newest:
            return new
        new["metadata"]["annotations"] = {**annotations(new), REVISION: str(newest + 1)}
        return self._store.update(kinds.REPLICA_SETS, new)

    def _scale(self, deployment: Object, new: Object | None, old: list[Object]) -> None:
        desired, allowed = rollout.desired(deployment), rollout.bounds(deployment)
        counted = [rollout.counts(each) for each in old]
        if new is None:
            # Recreate, in its first half: everything old goes, the new one starts when it has gone.
            wanted = dict.fromkeys((each.name for each in counted), 0)
        else:
            mine = rollout.counts(new)
            self._set_replicas(deployment, new, rollout.new_replicas(mine, counted, desired, allowed))
            wanted = rollout.old_replicas(rollout.counts(new), counted, desired, allowed)
        for each in old:
            self._set_replicas(deployment, each, wanted[name(each)])

    def _set_replicas(self, deployment: Object, target: Object, replicas: int) -> None:
        before = rollout.counts(target).replicas
        if before == replicas:
            return
        target["spec"]["replicas"] = replicas
        target["metadata"]["resourceVersion"] = self._store.update(kinds.REPLICA_SETS, target)["metadata"][
            "resourceVersion"
        ]
        self._tell_scaled(deployment, target, before, replicas)

    def _tell_scaled(self, deployment: Object, target: Object, before: int, after: int) -> None:
        if before != after:
            direction = "up" if after > before else "down"
            message = f"Scaled {direction} replica set {name(target)} from {before} to {after}"
            self._events.normal(deployment, "ScalingReplicaSet", message)

    def _clean(self, deployment: Object, old: list[Object]) -> None:
        """Forget the oldest empty ReplicaSets beyond revisionHistoryLimit."""
        limit = spec(deployment).get("revisionHistoryLimit")
        empty = [
            each for each in old if not rollout.counts(each).replicas and not status(each).get("replicas")
        ]
        for each in empty[: max(0, len(empty) - (_HISTORY if limit is None else int(limit)))]:
            self._store.delete(kinds.REPLICA_SETS, namespace(each), name(each))

    def _report(self, deployment: Object, new: Object | None) -> None:
        if new is not None and annotations(deployment).get(REVISION) != str(revision(new)):
            deployment["metadata"]["annotations"] = {**annotations(deployment), REVISION: str(revision(new))}
            deployment = self._store.update(kinds.DEPLOYMENTS, deployment)
        owned = [
            each
            for each in self._store.list(kinds.REPLICA_SETS, namespace(deployment))
            if controlled_by(each, deployment)
        ]
        deployment["status"] = status_of(deployment, new, owned, self._clock())
        self._store.update_status(kinds.DEPLOYMENTS, deployment)


def revision(replica_set: Object) -> int:
    """The revision that a ReplicaSet stands for, 0 when it has none."""
    text = annotations(replica_set).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def find_new(deployment: Object, owned: list[Object]) -> Object | None:
    """The ReplicaSet whose template is the Deployment's, ignoring the hash.

    The oldest if there are several.
    """
    wanted = _bare(spec(deployment)["template"])
    return next((each for each in owned if _bare(spec(each)["template"]) == wanted), None)


def replica_set(deployment: Object, number: int) -> Object:
    """A ReplicaSet for the Deployment's template, as revision `number`, with no replicas yet."""
    template = deepcopy(spec(deployment)["template"])
    marked = digest(_bare(template))
    template.setdefault("metadata", {})["labels"] = {
        **(template["metadata"].get("labels") or {}),
        HASH: marked,
    }
    selector = deepcopy(spec(deployment)["selector"])
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH: marked}
    handed_on = {key: value for key, value in annotations(deployment).items() if key not in _OWN_ANNOTATIONS}
    return {
        "metadata": {
            "name": f"{name(deployment)}-{marked}",
            "namespace": namespace(deployment),
            "labels": dict(template["metadata"]["labels"]),
            "annotations": {**handed_on, REVISION: str(number)},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": spec(deployment).get("minReadySeconds", 0),
            "selector": selector,
            "template": template,
        },
    }


def _bare(template: Object) -> Object:
    bare = deepcopy(template)
    (bare.get("metadata", {}).get("labels") or {}).pop(HASH, None)
    return bare
