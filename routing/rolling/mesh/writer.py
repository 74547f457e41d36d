"""Does what a rollout decided: one plan of the routing app for each write, made and applied at once.

The cluster is read once, and what stands there must be what the rollout believes; the write itself is
conditional on the version that was read. Forward goes with the rights of who started the rollout; the way
back with the console's own, so that it works when those are gone.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from django.contrib.auth.models import User

from cluster import connection, people
from cluster.connection import UnknownClusterError
from cluster.errors import ClusterError, Conflict, NotFound, TooManyRequests, Unauthorized, Unavailable
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import apply, live, plans, scope, stored, writing
from routing.errors import ConflictError, NotWrittenError, WrongRulesError
from routing.models import Change, ChangeState, Plan
from routing.planner import Live
from routing.problems import ELSEWHERE
from routing.rolling.mesh import pictures
from routing.rolling.ports import Done, Driven
from routing.rollouts.inputs import Write
from routing.rollouts.spec import Spec
from routing.rollouts.standing import NOTHING, Scene, foreign, scene, standing, unknown_service
from routing.rollouts.states import BACKWARD, Rule
from routing.rollouts.wanted import rules
from routing.rules import MAX_NOTE
from telemetry import live as traffic

Still: TypeAlias = Callable[[int], bool]
"""Whether an epoch still counts: asked right before each write to the cluster."""
log = logging.getLogger(__name__)
HTTP_AWAY: Final = 503
FENCE: Final = "meshui.io/rollout-fence"
"""An annotation that stands on a VirtualService for a moment, to change its version."""
_FENCES: Final = 5
_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "back": ("step_back",),
    "set": ("set_weight", "resume"),
    "promote": ("promote",),
    "restore": ("abort",),
}
"""The commands by which a person causes a write of a kind."""
_STANDS: Final = "it stands already."


class Writer:
    """`routing.rolling.ports.Writer`, of real clusters."""

    def __init__(self, still: Still = lambda _: True) -> None:
        self._still = still
        self._refused: dict[int, int] = {}
        """By rollout, the intent whose last write has a record of its refusal."""

    def write(self, driven: Driven, write: Write) -> Done:
        """Has a rule stand, if what stands is still what `driven.state.confirmed` says. Raises nothing."""
        rollout = driven.row.pk
        done = self._written(driven, write, again=self._refused.get(rollout) == write.intent)
        if done.result != "refused":
            self._refused.pop(rollout, None)
        elif done.change is not None:
            self._refused[rollout] = write.intent
        return done

    def _written(self, driven: Driven, write: Write, *, again: bool) -> Done:
        try:
            return _Writing(driven, write, self._still).run(again=again)
        except (WrongRulesError, ConflictError, NotWrittenError, ClusterError, UnknownClusterError) as error:
            return _failed(error, driven)
        except Exception:
            # The edge of a thread: whatever happened, the next look finds out what stands.
            log.exception("a write of rollout #%s ended in an error", driven.row.pk)
            return Done("unknown", "An error of the console's own; its log has more.")

    def fence(self, driven: Driven) -> bool:
        """Gives what steers the service another version, so that no write that is under way arrives any more.

        Whether it was done, or there is nothing to change; False: nobody knows. Raises nothing.
        """
        try:
            return _fenced(driven)
        except (ClusterError, UnknownClusterError) as error:
            log.warning("rollout #%s: what is under way cannot be fenced off: %s", driven.row.pk, error)
            return False


class _Writing:
    """One write of one rollout."""

    def __init__(self, driven: Driven, write: Write, still: Still) -> None:
        self.driven, self.write, self.leads = driven, write, still
        self.spec: Spec = driven.spec
        self.backward = write.kind in BACKWARD
        self.initiator = User.objects.get(pk=driven.row.created_by_id)
        self.by = _commander(driven, write) or self.initiator

    def run(self, *, again: bool) -> Done:
        """`again`: it was refused before, and is not recorded once more for that. Raises what planning and
        applying raise.
        """
        person = self.console() if self.backward else people.of(self.initiator, self.driven.row.cluster)
        if person.is_nobody:
            return Done("refused", "Whoever started this may not use the console any more.")
        seen = self.read(person)
        found = self.scene(seen)
        if (answer := self.needless(found)) is not None:
            return answer
        if again:
            self.rehearse(person, seen, found)
        plan = self.plan(person, seen, found)
        if not plan.operations:
            return Done("done", _STANDS)
        person, refusal = self.way_back(plan, person) if self.backward else (person, "")
        return Done("refused", refusal) if refusal else self.applied(plan, person)

    def console(self) -> PersonCluster:
        return connection.get(self.driven.row.cluster).acting(None)

    def read(self, person: PersonCluster) -> Live:
        return live.read(person, {self.spec.namespace}, (VIRTUAL_SERVICE, DESTINATION_RULE))

    def scene(self, seen: Live) -> Scene:
        place, name = self.spec.namespace, self.spec.service
        return scene(seen.resources, seen.service(place, name) or unknown_service(place, name))

    def needless(self, found: Scene) -> Done | None:
        """What to answer where nothing is to be written; None where something is."""
        stands, wanted = standing(found, self.spec), self.write.rule
        if stands == wanted and not foreign(found, self.spec, wanted):
            return Done("done", _STANDS)
        if self.backward and stands == NOTHING and found.virtual.main is None:
            return Done("done", f"no VirtualService routes {self.spec.service} any more.")
        state = self.driven.state
        if stands not in (wanted, state.confirmed, *state.doubted):
            words = f"{told(stands)} stands now, which this rollout does not know of. Nothing was written."
            return Done("refused", words)
        return None

    def rehearse(self, person: PersonCluster, seen: Live, found: Scene) -> None:
        """Has the cluster try it before anything is kept: a refusal every few seconds is one in the record.

        Raises ClusterError.
        """
        body = {"rules": rules(found, self.spec, self.write.rule)}
        tried: set[Ref] = set()
        for item in plans.draft(body, person, seen)[1].operations:
            if item.ref not in tried:
                writing.try_out(person, item, live.get(person, item.ref), item)
            tried.add(item.ref)

    def plan(self, person: PersonCluster, seen: Live, found: Scene) -> Plan:
        body = {"rules": rules(found, self.spec, self.write.rule), "note": self.note()}
        # The way back is not to be held up, nor refused, by what was measured.
        nothing = traffic.Traffic(None, None)
        measured = nothing if self.backward else traffic.of(person.name, person.visible())
        return plans.make(body, self.by, person, measured, seen=seen, rollout=self.driven.row.pk)

    def way_back(self, plan: Plan, person: PersonCluster) -> tuple[PersonCluster, str]:
        """Who takes the canary out, and why it cannot be done: the console's own account changes
        VirtualServices that are there, and nothing else. Where it may not, the initiator does if he may.
        """
        made = [item for item in plan.operations if item["action"] == "create"]
        if made:
            what = made[0]["resource"]
            name = f"{what['kind']} {what['namespace']}/{what['name']}"
            return person, f"{name} would have to be made first, and a way back makes nothing."
        only_routes = all(item["resource"]["kind"] == VIRTUAL_SERVICE.kind for item in plan.operations)
        if only_routes and all(person.may(stored.ask(item)) for item in plan.operations):
            return person, ""
        return people.of(self.initiator, self.driven.row.cluster), ""

    def applied(self, plan: Plan, person: PersonCluster) -> Done:
        try:
            change = apply.apply(plan, self.by, person, just_made=True, still=self.still)
        finally:
            pictures.of(connection.get(self.driven.row.cluster)).wrote()
        return Done("done", change.message, change.pk)

    def still(self) -> str:
        """Why this is not to be written any more; empty when it is."""
        if self.leads(self.driven.state.epoch):
            return ""
        return f"The rollouts have another leader than that of epoch {self.driven.state.epoch}."

    def note(self) -> str:
        """`Rollout #7, step 2 of 4: 25 %.`"""
        state, rule = self.driven.state, self.write.rule
        step = state.intent.step if state.intent is not None else state.step
        why = f" {state.why.words}" if self.backward and state.why is not None else ""
        said = {
            "advance": f"step {step + 1} of {len(self.spec.steps)}: {told(rule)}",
            "back": f"back to step {step + 1} of {len(self.spec.steps)}: {told(rule)}",
            "set": f"set: {told(rule)}",
            "promote": f"promoted: {told(rule)}",
            "rollback": f"rolled back: {told(rule)}",
            "restore": f"taken back: {told(rule)}",
        }[self.write.kind]
        text = f"Rollout #{self.driven.row.pk}, {said}.{why}"
        return "".join(char if char.isprintable() else " " for char in text)[:MAX_NOTE]


def _commander(driven: Driven, write: Write) -> User | None:
    """Who commanded a write; None for one that the rollout decided by itself."""
    names = _COMMANDS.get(write.kind)
    why = driven.state.why
    if names is None or (write.kind == "restore" and (why is None or why.code != "person")):
        return None
    if write.kind == "promote" and not driven.state.finishing:
        return None
    obeyed = driven.row.commands.filter(name__in=names, refusal="", handled_at__isnull=False)
    last = obeyed.select_related("by").order_by("-handled_at", "-pk").first()
    return None if last is None else last.by


def _fenced(driven: Driven) -> bool:
    there = connection.get(driven.row.cluster)
    picture, own = pictures.of(there), there.acting(None)
    for _ in range(_FENCES):
        seen = picture.fresh(driven.spec.namespace, driven.spec.service)
        if seen is None:
            return False
        main = seen.scene.virtual.main
        if main is None:
            return True
        try:
            # A write that changes nothing would not change the version either.
            own.replace(_marked(own.replace(_marked(main, driven.state.epoch)), None))
        except (Conflict, NotFound):
            # Somebody wrote meanwhile: it may have been what is to be kept out.
            continue
        finally:
            picture.wrote()
        return True
    return False


def _marked(manifest: Manifest, epoch: int | None) -> Manifest:
    """The manifest with a mark, or (None) without."""
    metadata = manifest["metadata"]
    others = {key: text for key, text in (metadata.get("annotations") or {}).items() if key != FENCE}
    notes = others if epoch is None else {**others, FENCE: f"epoch {epoch}, {uuid.uuid4().hex[:8]}"}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**manifest, "metadata": {**rest, **({"annotations": notes} if notes else {})}}


def told(rule: Rule) -> str:
    """A rule in words, by what the canary gets."""
    if rule == NOTHING:
        return "no weight of these two versions"
    extra = [" and copies"] * rule.mirror + [" and its own route"] * rule.match
    return f"{rule.weight} %" + "".join(extra)


def _failed(error: Exception, driven: Driven) -> Done:
    """What a failure means: surely nothing was written, or nobody knows."""
    words = _words(error, driven)
    log.info("a write of rollout #%s failed: %s", driven.row.pk, getattr(error, "detail", error))
    change = error.extra.get("change") if isinstance(error, ConflictError | NotWrittenError) else None
    row = Change.objects.filter(pk=change).first() if change is not None else None
    if row is None:
        return Done("refused", words)
    tried = any(item["state"] == "failed" for item in row.operations)
    lost = tried and isinstance(error, NotWrittenError) and error.status_code == HTTP_AWAY
    return Done("unknown" if row.state == ChangeState.PARTIAL or lost else "refused", words, row.pk)


def _words(error: Exception, driven: Driven) -> str:
    """A failure in words for all who may see the rollout: they may not know of other namespaces, nor of how
    the cluster is reached.
    """
    if isinstance(error, WrongRulesError):
        known = scope.pairs(driven.row.needs)
        said = [each.message if known.issuperset(each.needs) else ELSEWHERE for each in error.problems]
        said = said or [field["message"] for field in error.fields]
        return f"{' '.join(dict.fromkeys(said))} Nothing was written."
    if isinstance(error, Unavailable | Unauthorized | TooManyRequests):
        return f"{error.summary} Nothing was written."
    if isinstance(error, ClusterError):
        return f"{error.message} Nothing was written."
    if isinstance(error, NotWrittenError) and error.status_code == HTTP_AWAY:
        return "The cluster did not answer, or not in time."
    if isinstance(error, UnknownClusterError):
        return f"The console is not connected to the cluster {error} any more."
    return str(getattr(error, "detail", error))
