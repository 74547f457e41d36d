"""What is asked about one subject over time: the text, and the moments."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.past import MAX_POINTS
from telemetry.prometheus import lookback, promql
from telemetry.subjects import Matcher, Subject, of

CALL = (
    "source_workload, source_workload_namespace, source_cluster, destination_workload, "
    "destination_workload_namespace, destination_cluster, request_protocol"
)
ITEMS = [
    ("workload", "workload:bookinfo/reviews-v1"),
    ("versioned_app", "app:bookinfo/reviews/v1"),
    ("app", "app:bookinfo/productpage->app:bookinfo/reviews:http"),
    ("service", "service:bookinfo/reviews"),
    ("workload", "namespace:bookinfo"),
    ("workload", "unknown"),
    ("workload", "unknown->workload:bookinfo/reviews-v1:grpc"),
]


def texts(subject: Subject, **more) -> dict[str, str]:
    return {query.subject: query.text for query in lookback.of_subject(subject, 60, **more)}


def test_the_text_of_the_requests_of_a_workload():
    subject = Subject("received", ((Matcher("destination_workload", ("b",)),),), ())

    def by(reporter: str) -> str:
        return f'(rate(istio_requests_total{{reporter="{reporter}",destination_workload=~"b"}}[60s]) > 0)'

    assert texts(subject)["requests"] == (
        "sum by (response_code, response_flags, grpc_response_status) "
        f"(({by('source')} or ({by('waypoint')} unless on ({CALL}) ({by('source')})) or "
        f"({by('destination')} unless on ({CALL}) ({by('source')} or {by('waypoint')}))))"
    )


def test_whose_report_counts_first_can_be_turned_round():
    subject = Subject("received", ((Matcher("destination_workload", ("b",)),),), ())
    text = texts(subject, preference="destination")["requests"]
    places = [text.index(f'"{reporter}"') for reporter in ("destination", "waypoint", "source")]
    assert places == sorted(places)


def test_buckets_are_believed_of_whom_the_requests_are():
    subject = Subject("received", ((Matcher("destination_workload", ("b",)),),), ())
    text = texts(subject)["buckets"]
    assert text.startswith("sum by (le) ")
    assert "unless on" in text
    assert (
        text.count("istio_request_duration_milliseconds_bucket{") == text.count("istio_requests_total{") == 3
    )


@pytest.mark.parametrize("preference", ["caller", "destination"])
@pytest.mark.parametrize(("graph_type", "item"), ITEMS)
def test_whatever_can_be_asked_about_is_four_queries_that_can_be_read(graph_type, item, preference):
    subjects = of(graph_type, item)
    assert subjects
    for subject in subjects:
        asked = lookback.of_subject(subject, 60, (promql.equal("mesh_id", "a"),), preference)
        assert [query.subject for query in asked] == ["requests", "buckets", "volumes", "known"]
        for query in asked:
            promql_parser.parse(query.text)
            bare = query.text.replace('", "istio_', "")
            assert bare.count("istio_") + bare.count("up{") == bare.count('mesh_id="a"')


@given(st.sampled_from(["", "a", "é\n\"'\\"]), st.booleans())
def test_what_is_empty_here_is_unknown_or_missing_there(value, among):
    matcher = Matcher("source_workload", (value, "b"), among)
    (found,) = lookback._matchers((matcher,))
    assert found.operator == ("=~" if among else "!~")
    values = {"b", value} | ({"unknown"} if not value else set())
    assert found.value == promql.one_of("x", [value, "b", *(["unknown"] if not value else [])]).value
    assert len(found.value.split("|")) == len(values)


MOMENTS = st.floats(1.6e9, 1.8e9)


@given(MOMENTS, st.floats(0.001, 1e7), st.floats(0.001, 1e6))
def test_steps_are_no_more_than_can_be_drawn_and_lie_within_the_range(since, length, seconds):
    steps = lookback.steps(since, since + length, seconds)
    assert since <= steps.first <= steps.last
    assert steps.last == pytest.approx(since + length, abs=0.01)
    points = int((round(steps.last, 3) - round(steps.first, 3)) / steps.seconds) + 1
    assert 1 <= points <= MAX_POINTS
    assert steps.seconds >= seconds - 0.001
