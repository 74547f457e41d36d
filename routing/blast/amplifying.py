"""How a plan changes the way in which failing requests multiply through retries. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cluster.inventory import ELSEWHERE
from cluster.kinds import SERVICE, VIRTUAL_SERVICE
from routing import effects, retries
from routing.effects import Effect
from routing.planner import Live, Operation
from routing.problems import Problem, error, warning

WARN_ABOVE: Final = 4
REFUSE_ABOVE: Final = 10


def amplification(
    found: Iterable[Effect], operations: Sequence[Operation], state: Live, hops: Sequence[retries.Hop]
) -> list[dict[str, Any]]:
    """For each service that is met: how many requests it gets for one that fails, before and after, and the
    path of callers on which that is so, as far as it may be seen.
    """
    before, after = (
        [item for item in resources if item.get("kind") == VIRTUAL_SERVICE.kind]
        for resources in (state.resources, effects.after(operations, state))
    )
    answer = []
    for effect in found:
        name = effect.service.namespace, effect.service.name
        on_the_way = retries.upstream(hops, name)
        tries, later = (retries.configured(each, on_the_way) for each in (before, after))
        before_path = retries.worst_path(hops, name, tries)
        after_path = before_path if tries == later else retries.worst_path(hops, name, later)
        answer.append(
            {
                "namespace": name[0],
                "service": name[1],
                "before": before_path.factor,
                "after": after_path.factor,
                "path": [
                    {"namespace": step[0], "service": step[1], "attempts": attempts}
                    for step, attempts in after_path.steps
                ],
            }
        )
    return answer


def shown(kept: Mapping[str, Any], seen: Any) -> dict[str, Any]:
    """A kept amplification for somebody who may not read every namespace on the path."""
    path = [
        step if seen(step["namespace"]) else {**step, "namespace": "", "service": ELSEWHERE}
        for step in kept["path"]
    ]
    return {**kept, "path": path}


def problems(found: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """What the plan makes worse: a warning above four requests for one, an error above ten."""
    answer = []
    for each in found:
        if each["after"] <= max(each["before"], WARN_ABOVE):
            continue
        path = ", ".join(f"{step['service']} {1 + step['attempts']}x" for step in each["path"])
        message = (
            f"By its callers' retries, {each['service']} would get up to {each['after']} requests for one "
            f"that fails (now {each['before']}): {path}. Ask for fewer attempts."
        )
        level = error if each["after"] > REFUSE_ABOVE else warning
        needs = [(SERVICE, step["namespace"]) for step in each["path"]]
        resource = f"Service {each['namespace']}/{each['service']}"
        answer.append(level("RETRY_AMPLIFICATION", message, resource=resource, needs=needs))
    return answer
