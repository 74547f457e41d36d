"""The exact text of what is asked, and that a parser which is not ours reads it as it is meant."""

import itertools

import promql_parser
import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from telemetry.prometheus import promql, queries
from telemetry.prometheus.shards import COUNTS, shards
from telemetry.samples import EdgeLabels

LABELS = (
    "reporter, source_workload, source_workload_namespace, source_canonical_service, "
    "source_canonical_revision, "
    "destination_service, destination_service_name, destination_service_namespace, destination_workload, "
    "destination_workload_namespace, destination_canonical_service, destination_canonical_revision, "
    "request_protocol, source_cluster, destination_cluster, connection_security_policy"
)


def texts(*args, **kwargs) -> dict[str, str]:
    return {query.subject: query.text for query in queries.of_tick(*args, **kwargs)}


def test_the_labels_are_those_that_the_graph_groups_by():
    assert ", ".join(EdgeLabels._fields) == LABELS


def test_the_text_of_the_requests():
    assert texts(60)["requests"] == (
        f"sum by ({LABELS}, response_code, response_flags, grpc_response_status) "
        "(rate(istio_requests_total[60s]) > 0)"
    )


@pytest.mark.parametrize(("name", "ratio"), [("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")])
def test_the_text_of_a_quantile(name, ratio):
    assert texts(60)[name] == (
        f"histogram_quantile({ratio}, sum by ({LABELS}, le) "
        "(rate(istio_request_duration_milliseconds_bucket[60s]) >= 0)) >= 0"
    )


def volumes(**counters: str) -> str:
    parts = (
        f'label_replace(sum by ({LABELS}) (rate({name}[60s]) > 0), "meshui_measure", "{measure}", "", "")'
        for measure, name in counters.items()
    )
    return f"({' or '.join(parts)})"


def test_the_text_of_the_connections():
    assert texts(60)["connections"] == volumes(
        sent_bytes="istio_tcp_received_bytes_total",
        received_bytes="istio_tcp_sent_bytes_total",
        opened_connections="istio_tcp_connections_opened_total",
        closed_connections="istio_tcp_connections_closed_total",
    )


def test_the_text_of_the_bodies():
    assert texts(60)["bodies"] == volumes(
        sent_bytes="istio_request_bytes_sum",
        received_bytes="istio_response_bytes_sum",
        sent_messages="istio_request_messages_total",
        received_messages="istio_response_messages_total",
    )


def test_the_text_of_the_newest():
    names = ("istio_requests_total", "istio_tcp_sent_bytes_total")
    parts = (f'label_replace(max(timestamp({name})), "meshui_measure", "{name}", "", "")' for name in names)
    assert texts(60)["newest"] == f"({' or '.join(parts)})"


def test_a_scope_narrows_every_selector():
    scope = (promql.equal("cluster", 'ea"st'),)
    for text in texts(60, scope).values():
        bare = text.replace('", "istio_', "")
        assert bare.count("istio_") == text.count('{cluster="ea\\"st"}')


@pytest.mark.parametrize("count", COUNTS)
def test_seven_queries_for_each_shard_all_of_which_can_be_read(count):
    asked = queries.of_tick(60, (), shards(count))
    assert len(asked) == len(set(asked)) == 7 * count
    for query in asked:
        promql_parser.parse(query.text)


def meets(matcher: promql.Matcher, value: str) -> bool:
    return bool(re2.fullmatch(matcher.value, value)) == (matcher.operator == "=~")


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(COUNTS))
def test_any_two_names_belong_to_exactly_one_shard(source, destination, count):
    ends = {"source_workload": source, "destination_workload": destination}
    at_home = [part for part in shards(count) if all(meets(each, ends[each.label]) for each in part)]
    assert len(at_home) == 1


@pytest.mark.parametrize("count", COUNTS[1:])
@pytest.mark.parametrize(
    "names",
    [
        [f"svc-{number:04d}" for number in range(40)],
        [f"{app}-v{version}" for app in ("reviews", "ratings", "details", "cart") for version in range(10)],
        [
            a + b
            for a, b in itertools.product(
                ["pay", "order", "user", "mail", "stock"], ["ments", "s", "-api", "2"]
            )
        ],
    ],
    ids=["numbered", "versioned", "words"],
)
def test_the_shards_are_of_similar_size(names, count):
    sizes = [
        sum(
            all(meets(each, source if each.label == "source_workload" else target) for each in part)
            for source, target in itertools.product(names, names)
        )
        for part in shards(count)
    ]
    assert sum(sizes) == len(names) ** 2
    assert max(sizes) < 2.5 * len(names) ** 2 / count


@pytest.mark.parametrize("count", [0, 3, 5, 32, -1])
def test_another_number_of_shards_is_refused(count):
    with pytest.raises(ValueError, match="only 1, 2, 4, 8, 16"):
        shards(count)
