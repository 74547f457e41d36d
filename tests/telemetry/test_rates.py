"""From counters to rates: windows, resets, births, late and lost targets.

Matrix: {counter, histogram} x {steady, reset, born, first reading, absent, lost target, late target}.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.exposition import Parser
from telemetry.rates import RateWindow
from tests.telemetry.builders import metrics


class Proxy:
    """A target whose counter is told."""

    def __init__(self, window: RateWindow, name: str = "a") -> None:
        self.window = window
        self.name = name
        self.parser = Parser()

    def says(self, at: float, requests: float | None, buckets: tuple[float, ...] = ()) -> None:
        text = "" if requests is None else metrics(requests=requests, bucket_counts=buckets)
        self.window.observe(self.name, at, self.parser.parse(text))


@pytest.fixture
def window() -> RateWindow:
    return RateWindow(10.0)


@pytest.fixture
def proxy(window: RateWindow) -> Proxy:
    return Proxy(window)


def total(window: RateWindow, now: float) -> float:
    return sum(rate.requests_per_second for rate in window.rates(now)[0])


def test_a_first_reading_gives_no_rate(window, proxy):
    proxy.says(0, 1000)
    assert window.rates(0) == ((), (), ())


def test_a_steady_counter_gives_its_rate(window, proxy):
    for second in range(30):
        proxy.says(second, 1000 + 7 * second)
        assert second == 0 or total(window, second) == pytest.approx(7)


def test_the_rate_is_taken_over_the_window_only(window, proxy):
    for second in range(21):
        proxy.says(second, min(second, 10) * 5)
    assert total(window, 15) == pytest.approx(0)
    proxy.says(21, 50)
    proxy.says(22, 60)
    assert total(window, 22) == pytest.approx(1)


def test_a_reset_counter_counts_from_zero(window, proxy):
    proxy.says(0, 100)
    proxy.says(1, 110)
    proxy.says(2, 4)
    assert total(window, 2) == pytest.approx((10 + 4) / 2)


def test_a_series_born_while_its_target_is_read_counts_from_zero(window, proxy):
    proxy.says(0, None)
    proxy.says(1, None)
    proxy.says(2, 6)
    assert total(window, 2) == pytest.approx(3)


def test_a_series_that_is_missing_from_one_answer_goes_on_where_it_was(window, proxy):
    proxy.says(0, 100)
    proxy.says(1, 110)
    proxy.says(2, None)
    assert total(window, 2) == pytest.approx(5)
    proxy.says(3, 120)
    assert total(window, 3) == pytest.approx(20 / 3)


def test_a_series_that_stays_away_is_forgotten_after_the_window(window, proxy):
    proxy.says(0, 100)
    for second in range(1, 13):
        proxy.says(second, None)
    proxy.says(13, 100)
    assert total(window, 13) == pytest.approx(10)


def test_a_lost_target_fades_as_the_window_passes_over_its_requests(window, proxy):
    for second in range(11):
        proxy.says(second, 10 * second)
    window.lose("a")
    assert [round(total(window, now), 6) for now in (10, 15, 19, 20)] == [10, 5, 1, 0]
    assert window.targets == frozenset()


def test_a_late_target_keeps_its_rates_for_three_seconds_and_then_has_none(window, proxy):
    proxy.says(0, 0)
    proxy.says(1, 5)
    assert [total(window, now) for now in (1, 4, 4.1, 20)] == [5, 5, 0, 0]


def test_a_target_that_was_silent_for_longer_than_the_window_starts_afresh(window, proxy):
    proxy.says(0, 0)
    proxy.says(1, 5)
    proxy.says(30, 5000)
    assert total(window, 30) == 0
    proxy.says(31, 5002)
    assert total(window, 31) == pytest.approx(2)


def test_the_same_moment_twice_is_taken_once(window, proxy):
    proxy.says(0, 0)
    proxy.says(1, 5)
    proxy.says(1, 50)
    assert total(window, 1) == 5


def test_targets_add_up(window):
    one, other = Proxy(window, "a"), Proxy(window, "b")
    for second in range(3):
        one.says(second, 2 * second)
        other.says(second, 3 * second)
    (rate,), _, _ = window.rates(2)
    assert rate.requests_per_second == pytest.approx(5)


def test_histograms_give_cumulative_rates_and_add_up(window):
    one, other = Proxy(window, "a"), Proxy(window, "b")
    for proxy in (one, other):
        proxy.says(0, 0, (0, 0, 0, 0, 0, 0))
        proxy.says(2, 4, (0, 2, 2, 4, 4, 4))
    _, (duration,), _ = window.rates(2)
    assert duration.buckets == ((1, 0), (5, 2), (10, 2), (50, 4), (100, 4), (math.inf, 4))


def test_a_reset_histogram_counts_from_zero(window, proxy):
    proxy.says(0, 9, (0, 9, 9, 9, 9, 9))
    proxy.says(1, 2, (0, 0, 0, 2, 2, 2))
    _, (duration,), _ = window.rates(1)
    assert [count for _, count in duration.buckets] == [0, 0, 0, 2, 2, 2]


def test_a_histogram_born_while_its_target_is_read_counts_from_zero(window, proxy):
    proxy.says(0, 0)
    proxy.says(1, 2, (0, 0, 0, 2, 2, 2))
    _, (duration,), _ = window.rates(1)
    assert duration.buckets[-1] == (math.inf, 2)


def test_a_histogram_without_news_gives_no_rate(window, proxy):
    for second in range(12):
        proxy.says(second, 5, (0, 0, 0, 5, 5, 5))
    assert window.rates(11) == ((), (), ())


@given(
    st.lists(st.tuples(st.floats(0.2, 3), st.integers(0, 50), st.booleans()), min_size=2, max_size=40),
)
def test_however_a_counter_is_reset_the_rate_is_the_requests_made_in_the_window(steps):
    window = RateWindow(10.0)
    proxy = Proxy(window)
    now, made, shown = 0.0, 0, 0
    history = [(now, made)]
    proxy.says(now, shown)
    for pause, requests, restarted in steps:
        now += pause
        # A restart shows only when fewer requests came since than before it.
        visible = restarted and requests < shown
        shown = requests if visible else shown + requests
        made += requests
        history.append((now, made))
        proxy.says(now, shown)
    base_at, base_made = max((point for point in history if point[0] <= now - 10), default=history[0])
    assert total(window, now) == pytest.approx((made - base_made) / (now - base_at))


def test_what_a_server_sent_goes_back_to_the_caller_whatever_envoys_prefix():
    window, parser = RateWindow(10.0), Parser()
    named = 'source_workload="a",destination_workload="b"'
    families = {
        "istio_tcp_sent_bytes_total": 10,
        "istio_tcp_received_bytes_total": 20,
        "envoy_istio_request_bytes_sum": 300,
        "envoy_istio_response_bytes_sum": 4e3,
        "istio_request_messages_total": 5,
        "envoy_istio_response_messages_total": 6,
        "istio_tcp_connections_opened_total": 7,
        "istio_tcp_connections_closed_total": 8,
    }
    for second in range(3):
        text = "".join(f"{name}{{{named}}} {each * second:g}\n" for name, each in families.items())
        window.observe("p", second, parser.parse(text))
    (rate,) = window.rates(2).volumes
    assert (rate.labels.source_workload, rate.labels.destination_workload) == ("a", "b")
    assert rate[1:] == (320, 4010, 5, 6, 7, 8)
    assert window.take_counts() == ((), None)


def test_bytes_of_all_codes_and_proxies_of_a_call_are_one_rate():
    window = RateWindow(10.0)
    for proxy, parser in (("p", Parser()), ("q", Parser())):
        for second in range(2):
            lines = [
                f'istio_request_bytes_sum{{source_workload="a",response_code="{code}"}} {100 * second}\n'
                for code in (200, 500)
            ]
            window.observe(proxy, second, parser.parse("".join(lines)))
    (rate,) = window.rates(1).volumes
    assert rate.sent_bytes == 400
