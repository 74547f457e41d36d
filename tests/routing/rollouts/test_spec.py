"""What may be asked for: everything that is said is read back, and what is wrong is told at its field."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rollouts.parsing import parse
from routing.rollouts.spec import PRESETS, Errors, Spec, Step, Strategy, to_json
from routing.rules.errors import RulesError
from tests.routing.rollouts import specs

BODY = {
    "namespace": "shop",
    "service": "cart",
    "baseline": "v1",
    "canary": "v2",
    "steps": [{"weight": 5, "seconds": 30}, {"weight": 100, "seconds": 30, "requests": 10, "pause": True}],
}


def errors(**changed) -> dict[str, str]:
    with pytest.raises(RulesError) as wrong:
        parse({**BODY, **changed})
    return {each.field: each.message for each in wrong.value.errors}


def test_the_least_that_can_be_asked_for_gets_the_usual_guard_and_rolls_back_on_harm():
    found = parse(BODY)
    assert found.steps == (Step(5, 30), Step(100, 30, 10, pause=True))
    assert found.guards == (Errors(),)
    assert (found.strategy, found.on_harm, found.on_no_verdict) == (Strategy("weighted"), "rollback", "hold")


@given(specs.anything())
def test_what_was_asked_for_survives_being_written_down(spec):
    assert parse(json.loads(json.dumps(to_json(spec)))) == spec


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("canary", "weighted"),
        ("blue-green", "blue_green"),
        ("Weighted canary", "weighted"),
        ("mirror", "mirror"),
    ],
)
def test_a_strategy_is_known_by_what_people_call_it(said, kind):
    steps = [{"weight": 0, "seconds": 1, "requests": None, "pause": None}, {"weight": 100, "seconds": 1}]
    assert parse({**BODY, "strategy": said, "steps": steps}).strategy == Strategy(kind)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_can_be_asked_for(name):
    strategy, steps = PRESETS[name]
    spec = Spec("shop", "cart", "v1", "v2", steps, strategy)
    assert parse(to_json(spec)) == spec


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        (
            {"steps": [{"weight": 5, "seconds": 1}, {"weight": 4, "seconds": 1}]},
            "steps[1].weight",
            "go up only",
        ),
        ({"steps": [{"weight": 101, "seconds": 1}]}, "steps[0].weight", "outside 0 to 100"),
        ({"steps": [{"weight": 5.5, "seconds": 1}]}, "steps[0].weight", "no whole number"),
        ({"steps": [{"weight": 5, "seconds": 0}]}, "steps[0].seconds", "outside 1 to"),
        ({"steps": [{"weight": True, "seconds": 1}]}, "steps[0].weight", "no whole number"),
        ({"steps": [{"weight": 5}]}, "steps[0].seconds", "missing"),
        ({"steps": [{"weight": 5, "seconds": 1, "pause": "yes"}]}, "steps[0].pause", "true or false"),
        ({"steps": [{"weight": 5, "seconds": 1, "speed": 2}]}, "steps[0].speed", "Unknown"),
        ({"steps": []}, "steps", "no step"),
        ({"steps": None}, "steps", "no step"),
        ({"steps": {}}, "steps", "must be a list"),
        ({"steps": [{"weight": 5, "seconds": 1}] * 51}, "steps", "too many"),
        ({"steps": [{"weight": 0, "seconds": 1}]}, "steps", "No step sends a request"),
        ({"strategy": "blue_green"}, "steps[0].weight", "0 and 100 only"),
        ({"strategy": "mirror"}, "steps[0].weight", "begins with a step of weight 0"),
        ({"strategy": "sideways"}, "strategy", "not known"),
        ({"strategy": {"kind": "header", "value": "x"}}, "strategy.name", "missing"),
        ({"strategy": {"kind": "cookie", "name": "a b", "value": "x"}}, "strategy.name", "cannot be"),
        ({"strategy": {"kind": "weighted", "name": "x"}}, "strategy.name", "Unknown"),
        ({"canary": "v1"}, "canary", "name another version"),
        ({"canary": None}, "canary", "missing"),
        ({"namespace": ".."}, "namespace", "cannot be the name"),
        ({"guards": [{"kind": "latency"}]}, "guards[0].objective_ms", "missing"),
        ({"guards": [{"kind": "errors"}, {"kind": "errors"}]}, "guards[1]", "named once"),
        ({"guards": [{"kind": "luck"}]}, "guards[0].kind", "not known"),
        ({"guards": [{"kind": "errors", "margin": float("nan")}]}, "guards[0].margin", "outside"),
        ({"guards": [{"kind": "errors", "margin": 10**400}]}, "guards[0].margin", "outside"),
        ({"guards": [{"kind": "promql", "name": "q", "query": "up"}]}, "guards[0]", "needs a bound"),
        (
            {"guards": [{"kind": "promql", "name": "q", "query": "up", "least": 2, "most": 1}]},
            "guards[0].least",
            "nothing lies between",
        ),
        ({"guards": [{"kind": "promql", "name": "q", "most": 1}]}, "guards[0].query", "missing"),
        ({"guards": [{"kind": "promql", "name": "errors", "query": "up", "most": 1}, {"kind": "errors"}]},
         "guards[0]", "another guard"),
        ({"alpha": 0}, "alpha", "outside"),
        ({"on_harm": "shrug"}, "on_harm", "rollback and hold"),
        ({"interval_seconds": 0}, "interval_seconds", "outside"),
        ({"notify": [{"url": "http://\ud800"}]}, "notify[0].url", "can be kept" ),
        ({"gates": [{"stage": "sometimes", "url": "http://x"}]}, "gates[0].stage", "not known"),
        ({"colour": 1}, "colour", "Unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field(changed, field, words):
    found = errors(**changed)
    assert field in found, found
    assert words in found[field]


def test_all_errors_are_told_at_once():
    assert set(errors(namespace="", canary="v1", alpha=2)) == {"namespace", "canary", "alpha"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Spec.__dataclass_fields__, "other"]), json_values) | json_values)
def test_whatever_is_sent_is_read_or_refused_by_field(body):
    sent = {**BODY, **body} if isinstance(body, dict) else body
    messages = ["read"]
    try:
        parse(sent)
    except RulesError as error:
        messages = [each.message for each in error.errors]
    assert messages
    assert all(messages)


def test_the_guards_share_alpha():
    found = parse({**BODY, "guards": [{"kind": "errors"}, {"kind": "latency", "objective_ms": 100}]})
    assert [found.limits(guard).alpha for guard in found.judged.values()] == [0.005, 0.005]
