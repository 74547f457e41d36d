"""Every field that is declared as handled makes a difference: without it the configuration is another one."""

from collections.abc import Iterator
from functools import cache

import pytest

from localmesh import xds
from localmesh.xds import coverage
from tests.localmesh.xds.examples import AROUND, CREDENTIALS, EXAMPLES, PODS, SERVICES, SLICES
from tests.localmesh.xds.objects import mesh, pod, proxy, router

#: Names that people give, and whether a host is outside: nothing depends on them.
_WITHOUT_EFFECT = {"servers.port.name", "servers.name", "location"}
#: What is nothing but said again by what stands beside it, or by the only value that it may have.
_REDUNDANT = (
    "allowedRoutes.kinds.group",
    "requestRedirect.path.type",
    "urlRewrite.path.type",
    "certificateRefs.group",
    "certificateRefs.kind",
)
_KINDS = coverage._KINDS


def leaves(handled, path="") -> Iterator[str]:
    """The declared fields, without the places in lists."""
    if handled is coverage.ALL:
        yield path.removeprefix(".")
    elif isinstance(handled, list):
        yield from leaves(handled[0], path)
    else:
        for key, each in handled.items():
            yield from leaves(each, f"{path}.{key}")


def without(value, steps) -> Iterator[object]:
    """Copies of a value, each lacking the field in one place."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            for changed in without(each, steps):
                yield [*value[:index], changed, *value[index + 1 :]]
    elif isinstance(value, dict) and steps[0] in value:
        if len(steps) == 1:
            yield {key: each for key, each in value.items() if key != steps[0]}
        else:
            for changed in without(value[steps[0]], steps[1:]):
                yield {**value, steps[0]: changed}


def kind_of(rule):
    return rule["apiVersion"].partition("/")[0], rule["kind"]


def outcome(rule):
    """Everything that follows from a rule: configuration at three proxies, and what is said of it."""
    around = [each for each in AROUND[kind_of(rule)] if each["metadata"]["name"] != rule["metadata"]["name"]]
    pods = [*PODS, pod("curl", "127.9.1.7", namespace="shop")]
    secrets = {"credentials": CREDENTIALS, "system_roots": "/roots.pem"}
    made = mesh(rule, *around, services=SERVICES, pods=pods, slices=SLICES, **secrets)
    proxies = [proxy(made), proxy(made, "curl"), router(made)]
    return [xds.configure(made, each) for each in proxies], xds.report(made, rule)


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, handled in _KINDS.items() for field in leaves(handled)]
)
def test_a_handled_field_makes_a_difference(kind, field):
    if field in _WITHOUT_EFFECT or field.endswith(_REDUNDANT):
        return
    changed = [
        (index, {**example, "spec": spec})
        for index, example in enumerate(EXAMPLES)
        if kind_of(example) == kind
        for spec in without(example["spec"], field.split("."))
    ]
    assert changed, "no example has this field"
    assert any(unchanged(index) != outcome(after) for index, after in changed)


@cache
def unchanged(index):
    return outcome(EXAMPLES[index])
