"""Rollouts at /metrics: what a Prometheus reads of them."""

import math
from dataclasses import replace

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from knox.models import AuthToken
from prometheus_client.parser import text_string_to_metric_families

from routing.models import Rollout
from routing.rolling import records, vitals
from routing.rolling.exposing import Exposition
from routing.rollouts.judge import Evidence, Look, looked
from routing.rollouts.states import Clock
from telemetry.exposition import Parser
from tests.routing.rolling.asked import BODY, begun, ends, kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(api, cluster):
    return api.post("rollouts", BODY).json()["id"]


def read(text):
    """The samples by name and labels, as Prometheus' own client reads them."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found, name, **labels):
    matching = [
        value for (each, *told), value in found.items() if each == name and set(labels.items()) <= set(told)
    ]
    assert len(matching) <= 1, matching
    return matching[0] if matching else None


def scraped(api):
    answer = api.client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(answer.text)


def test_a_prometheus_signs_in_by_a_token(cluster, olga):
    _, token = AuthToken.objects.create(olga, expiry=None)
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 401
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {token}", "Accept": "text/plain"})
    assert answer.status_code == 200
    assert of(read(answer.text), "meshui_rollouts", status="running") == 0


def test_a_rollout_is_told_whole(api, started):
    begun(started, 1)
    driven = records.driven(Rollout.objects.get(pk=started))
    limits = driven.spec.limits(driven.spec.judged["errors"])
    evidence = looked(Evidence(), Look(600.0, 4.0, 200.0, 30.0), limits)
    kept(
        driven.row,
        replace(driven.state, evidence={"errors": evidence}, clock=Clock(verified=True, counted=12.5)),
        configured_share=0.25,
        observed_share=0.247,
    )
    found, mine = scraped(api), {"rollout": str(started)}
    assert of(found, "meshui_rollouts", status="running") == 1
    assert of(found, "meshui_rollout_info", canary="v3", baseline="v1", strategy="weighted", **mine) == 1
    assert of(found, "meshui_rollout_status", status="running", **mine) == 1
    assert of(found, "meshui_rollout_status", status="held", **mine) == 0
    assert of(found, "meshui_rollout_weight", namespace="bookinfo", service="reviews", **mine) == 25
    assert of(found, "meshui_rollout_configured_share_ratio", **mine) == 0.25
    assert of(found, "meshui_rollout_observed_share_ratio", **mine) == 0.247
    assert (of(found, "meshui_rollout_step", **mine), of(found, "meshui_rollout_steps", **mine)) == (1, 4)
    assert of(found, "meshui_rollout_step_seconds", **mine) == 12.5
    e_value = of(found, "meshui_rollout_guard_e_value", guard="errors", **mine)
    assert e_value == pytest.approx(math.exp(evidence.log_harm))
    assert of(found, "meshui_rollout_guard_e_value_bound", guard="errors", **mine) == 100
    assert of(found, "meshui_rollout_guard_p_value", guard="errors", **mine) == evidence.p_value < 0.01
    assert of(found, "meshui_rollout_guard_requests", guard="errors", version="canary", **mine) == 200
    assert of(found, "meshui_rollout_guard_bad_requests", guard="errors", version="baseline", **mine) == 4
    assert of(found, "meshui_rollout_guard_looks", guard="errors", **mine) == 1


def test_shares_that_nobody_knows_are_no_samples(api, started):
    found = scraped(api)
    assert of(found, "meshui_rollout_observed_share_ratio", rollout=str(started)) is None
    assert of(found, "meshui_rollout_weight", rollout=str(started)) == 0


def test_one_that_ended_long_ago_is_counted_only(api, started):
    ends(started)
    assert of(scraped(api), "meshui_rollout_status", rollout=str(started), status="promoted") == 1
    Rollout.objects.update(finished_at="2026-01-01T00:00:00Z")
    found = scraped(api)
    assert of(found, "meshui_rollout_info", rollout=str(started)) is None
    assert of(found, "meshui_rollouts", status="promoted") == 1


def test_the_engine_is_told_of(api, cluster):
    before = vitals.now
    try:
        vitals.note(vitals.Vitals(leads=True, tick_seconds=0.25))
        found = scraped(api)
    finally:
        vitals.note(before)
    assert of(found, "meshui_rollouts_leader") == 1
    assert of(found, "meshui_rollouts_tick_seconds") == 0.25


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,5}", fullmatch=True),
        st.text(st.characters(exclude_characters="\r")),
        max_size=3,
    ),
    st.one_of(st.floats(), st.integers(-(2**40), 2**40)),
)
def test_whatever_is_written_is_read_again(labels, value):
    exposition = Exposition()
    exposition.family("meshui_x", "gauge", 'A "word"\nand \\ more.')
    exposition.add("meshui_x", value, labels)
    ((family,),) = [[*text_string_to_metric_families(exposition.text())]]
    (sample,) = family.samples
    assert sample.labels == labels
    assert sample.value == pytest.approx(value, rel=0, nan_ok=True)
    parsed = Parser().parse(exposition.text())
    assert (parsed.recognised, parsed.bad_lines) == (True, 0)
