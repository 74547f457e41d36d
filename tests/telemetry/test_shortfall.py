"""What is missing from a reading: all of it to who may see everything, and to others nothing of others."""

from telemetry.shortfall import Failure, Shortfall
from telemetry.source import SourceUnavailable

FAILURES = (
    Failure("shop", "cart-1", "hangs"),
    Failure("bank", "vault-1", "has 1 metric lines that cannot be read", "'x{to=\"shop\"} many'"),
)
BOTH = Shortfall("Not up to date.", "pods is forbidden in bank", {"shop": 4, "bank": 3}, FAILURES)


def test_who_may_see_everything_is_told_everything():
    assert BOTH.told_to(None) == (
        "Not up to date. pods is forbidden in bank 2 of 7 proxies cannot be read in full: bank/vault-1 has 1 "
        "metric lines that cannot be read ('x{to=\"shop\"} many'); shop/cart-1 hangs."
    )


def test_others_are_told_of_their_namespaces_only_down_to_the_counts():
    assert BOTH.told_to(frozenset({"shop"})) == (
        "Not up to date. 1 of 4 proxies cannot be read in full: shop/cart-1 hangs."
    )
    assert BOTH.told_to(frozenset()) == "Not up to date."


def test_a_line_of_metrics_is_quoted_to_who_may_see_everything_only():
    """It names callers, too."""
    told = BOTH.told_to(frozenset({"bank"}))
    assert told.endswith(
        "1 of 3 proxies cannot be read in full: bank/vault-1 has 1 metric lines that cannot be read."
    )


def test_nothing_missing_is_nothing_said():
    assert Shortfall().told_to(None) == Shortfall().told_to(frozenset()) == ""


def test_the_words_of_another_server_are_not_for_everybody():
    error = SourceUnavailable("no answer from prometheus.bank")
    assert str(error) == "no answer from prometheus.bank"
    assert error.shortfall.told_to(frozenset({"shop"})) == ""


def test_how_often_each_is_asked_is_told_with_the_count_that_may_be_known():
    turns = Shortfall(proxies={"shop": 9000, "bank": 1000}, every_seconds=37.2)
    said = (
        "The mesh has more proxies than can be asked every time: each of these {} is asked about every 38 s."
    )
    assert turns.told_to(None) == said.format(10_000)
    assert turns.told_to(frozenset({"bank"})) == said.format(1000)
    assert turns.told_to(frozenset()) == ""
