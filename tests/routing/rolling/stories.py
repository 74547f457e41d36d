"""What may happen in the course of a rollout; each is told by where the rollout is, not by the time."""

from routing.rollouts.spec import Gate, Step, Told
from tests.routing.rollouts.specs import spec

GATES = (Gate("before_weight", "https://gate.example"), Gate("after_end", "https://gate.example"))
WANTED = spec(
    (Step(5, 10), Step(50, 20), Step(100, 10)), notify=(Told("https://told.example"),), gates=GATES
)  # fmt: skip


def healthy(_played):
    """Nothing happens."""


def harmful(played):
    """The canary fails where it gets much."""
    played.mesh.canary_bad = 0.2 if played.mesh.cluster.rule.weight >= 50 else 0.001


def losing(played):
    """Answers of two writes are lost: of one that was not done, and of one that was."""
    if played.stage.losses is None:
        played.stage.losses = {50: "before", 100: "after"}


def aborted(played):
    if played.state.step == 1:
        played.command("abort", key="abort")


def steered(played):
    handled = played.row.commands.exclude(handled_at=None).count()
    if played.state.step == 1 and not handled:
        played.command("set_weight", 30, key="weight")
    if handled == 1:
        played.command("resume", key="resume")


STORIES = [healthy, harmful, losing, aborted, steered]
