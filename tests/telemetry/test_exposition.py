"""The parser, against a real Envoy's answer, against prometheus_client's parser, and against rubbish."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from telemetry.exposition import Exposition, Parser
from telemetry.samples import EdgeLabels

ENVOY_ANSWER = (Path(__file__).parent / "envoy_answer.txt").read_text(encoding="utf-8")
BUCKET = "istio_request_duration_milliseconds_bucket"


def parse(text: str) -> Exposition:
    return Parser().parse(text)


def requests_by_the_oracle(text: str) -> list[tuple[dict[str, str], float]]:
    families = text_string_to_metric_families(text)
    return [
        (sample.labels, sample.value)
        for family in families
        for sample in family.samples
        if sample.name.endswith("istio_requests_total")
    ]


def as_labels(named: dict[str, str]) -> EdgeLabels:
    known = {name: named.get(name, "") for name in EdgeLabels._fields}
    return EdgeLabels(**{name: "" if value in ("unknown", "-") else value for name, value in known.items()})


def same_as_oracle(text: str) -> None:
    found = [(c.series.labels, c.series.response_code, c.value) for c in parse(text).counters.values()]
    expected = [
        (as_labels(named), named.get("response_code", ""), value)
        for named, value in requests_by_the_oracle(text)
    ]
    assert sorted(found) == sorted(expected)


def test_a_real_envoys_counters_are_read_as_prometheus_reads_them():
    same_as_oracle(ENVOY_ANSWER)
    found = parse(ENVOY_ANSWER)
    assert found.bad_lines == 0
    assert len(found.counters) == 6
    aborted = [c for c in found.counters.values() if c.series.response_flags == "FI"]
    assert [(c.value, c.series.response_code, c.series.labels.destination_workload) for c in aborted] == [
        (3.0, "503", "")
    ]


def test_a_real_envoys_histograms_are_read_as_prometheus_reads_them():
    expected = {}
    for family in text_string_to_metric_families(ENVOY_ANSWER):
        for sample in family.samples:
            if sample.name.endswith(BUCKET):
                workload = sample.labels["destination_workload"]
                expected.setdefault(workload, {})[float(sample.labels["le"])] = sample.value
    found = {
        each.labels.destination_workload: dict(zip(each.edges, each.counts, strict=True))
        for each in parse(ENVOY_ANSWER).histograms.values()
    }
    assert found == expected
    assert set(found) == {"reviews-v1", "reviews-v3"}
    assert all(max(edges) == math.inf for edges in found.values())


def test_the_same_layout_with_other_numbers_is_read_the_same_way_as_by_a_new_parser():
    parser = Parser()
    parser.parse(ENVOY_ANSWER)
    later = ENVOY_ANSWER.replace("} 10\n", "} 17\n").replace("} 3\n", "} 4.5e1\n")
    assert later != ENVOY_ANSWER
    assert parser.parse(later) == parse(later)


def test_a_series_that_appears_or_leaves_is_noticed_by_a_parser_that_knew_the_others():
    parser = Parser()
    lines = ENVOY_ANSWER.splitlines()
    shorter = "\n".join(lines[:1] + lines[2:]) + "\n"
    for text in (ENVOY_ANSWER, shorter, ENVOY_ANSWER, ENVOY_ANSWER.replace("reviews-v3", "reviews-v2")):
        assert parser.parse(text) == parse(text)


def test_lines_in_another_order_mean_the_same():
    lines = ENVOY_ANSWER.splitlines()
    turned = parse("\n".join(reversed(lines)))
    assert turned.counters == parse(ENVOY_ANSWER).counters
    assert turned.histograms == parse(ENVOY_ANSWER).histograms


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)
names = st.sampled_from([*EdgeLabels._fields, "response_code", "response_flags", "other_label"])
values = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0, 1e15).map(repr),
)


def written(name: str, labels: dict[str, str], value: str) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    return name + "{" + ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items()) + "} " + value


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["istio_requests_total", "envoy_istio_requests_total", "other_total"]),
            st.dictionaries(names, texts, min_size=1),
            values,
        ),
        unique_by=lambda each: (each[0], tuple(sorted(each[1].items()))),
        max_size=8,
    )
)
def test_any_labels_and_values_are_read_as_prometheus_reads_them(series):
    same_as_oracle("\n".join(written(*each) for each in series) + "\n")


@given(st.text(max_size=300))
def test_no_text_whatever_makes_the_parser_fail(text):
    parser = Parser()
    parser.parse(ENVOY_ANSWER)
    assert parser.parse(text) == parse(text)


@given(st.integers(0, len(ENVOY_ANSWER)), st.characters(), st.integers(0, 3))
def test_a_damaged_answer_is_used_as_far_as_it_can_be_read(place, character, removed):
    damaged = ENVOY_ANSWER[:place] + character + ENVOY_ANSWER[place + removed :]
    parser = Parser()
    parser.parse(ENVOY_ANSWER)
    found = parser.parse(damaged)
    assert found == parse(damaged)
    assert len(found.counters) >= 4


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('istio_requests_total{reporter="source"}', "has no number"),
        ('istio_requests_total{reporter="source"} many', "has no number"),
        ('istio_requests_total{reporter="source"} NaN', "is not a count"),
        ('istio_requests_total{reporter="source"} +Inf', "is not a count"),
        ('istio_requests_total{reporter="source"} -1', "is not a count"),
        ("istio_requests_total{reporter=source} 1", "has labels that cannot be read"),
        (BUCKET + '{reporter="source"} 1', "is a bucket without an upper edge"),
        (BUCKET + '{reporter="source",le="wide"} 1', "is a bucket without an upper edge"),
        (BUCKET + '{reporter="source",le="5"} 1', "is a histogram without its +Inf bucket"),
        ("<p>Not found</p>", "is no line of Prometheus' text format"),
    ],
)
def test_a_bad_line_is_reported_and_the_others_are_used(line, why):
    found = parse(line + "\n" + ENVOY_ANSWER)
    assert found.bad_lines == 1
    assert why in found.problems[0]
    assert len(found.counters) == 6


def test_a_page_is_not_recognised_as_metrics_but_silence_is():
    assert not parse("<html>\n<body>hello</body>\n").recognised
    assert parse("").recognised
    assert parse("# TYPE x counter\nx 1\n").recognised


def test_other_families_are_passed_over():
    others = 'istio_requests_total_created{reporter="source"} 5\nistio_requests_total 5\nup 1\n\n'
    assert parse(others + ENVOY_ANSWER) == parse(ENVOY_ANSWER)


def test_a_timestamp_behind_the_value_is_ignored():
    found = parse('istio_requests_total{reporter="source"} 3 1700000000000\n')
    assert [counter.value for counter in found.counters.values()] == [3.0]


def test_a_histogram_with_other_edges_is_another_series():
    first = f'{BUCKET}{{reporter="source",le="5"}} 1\n{BUCKET}{{reporter="source",le="+Inf"}} 2\n'
    parser = Parser()
    before = parser.parse(first)
    after = parser.parse(first.replace('le="5"', 'le="7"'))
    assert before.histograms.keys().isdisjoint(after.histograms.keys())


def test_the_edge_may_stand_anywhere_among_the_labels():
    text = f'{BUCKET}{{le="5",reporter="source"}} 1\n{BUCKET}{{le="+Inf",reporter="source"}} 2\n'
    (found,) = parse(text).histograms.values()
    assert (found.edges, found.counts, found.labels.reporter) == ((5.0, math.inf), (1.0, 2.0), "source")
