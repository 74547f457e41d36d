"""Messages for Slack: what comes from elsewhere is only read, never a mention, a link or a picture."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rolling.hooks import bodies, slack
from tests.routing.rolling import making
from tests.routing.rolling.making import NOW

URL = "https://mesh.example.org/rollouts/3/"


def told(words="It got no request.", event="held", step=0, url=URL, **about):
    spec, state = making.spec(), making.state(step)
    body = bodies.told(making.row(spec, state, pk=3), spec, state, event, words, at=NOW, number="n")
    return {**body, "rollout": {**body["rollout"], "url": url, **about}}


def texts(found):
    """Each text of a message, and which of them Slack formats."""
    if isinstance(found, dict):
        if found.get("type") in ("plain_text", "mrkdwn"):
            yield found["type"], found["text"]
        for each in found.values():
            yield from texts(each)
    if isinstance(found, list):
        for each in found:
            yield from texts(each)


def test_a_message_says_what_happened_to_what_and_why():
    message = slack.message(told())
    assert message["text"] == (
        "Rollout #3 holds (bookinfo/reviews: v1 to v3)\nIt got no request.\n"
        "<https://mesh.example.org/rollouts/3/|Rollout #3>"
    )
    assert [text for _, text in texts(message)] == [
        "Rollout #3 holds: bookinfo/reviews: v1 to v3",
        "It got no request.",
        "Weight of v3: 5 %",
        "Step: 1 of 3",
        "Verdict: not known yet",
        "Status: running",
        "<https://mesh.example.org/rollouts/3/|Rollout #3>",
    ]


def test_without_an_address_there_is_no_link():
    message = slack.message(told(url=None))
    assert "<" not in str(message)
    assert all(kind == "plain_text" for kind, _ in texts(message))


def test_every_event_has_words():
    for event in (*slack._HAPPENED, "something_new"):
        assert slack.message(told(event=event))["text"].startswith("Rollout #3 ")


@pytest.mark.parametrize(
    "words",
    ["<!channel>", "<!here|here>", "<@U024BE7LH>", "<#C024BE7LR|general>", "<https://evil.example|page>",
     "@channel", "@here", "@everyone", "&lt;!channel&gt;", "<!subteam^S123>"],
)  # fmt: skip
def test_words_mention_nobody_and_link_nothing(words):
    for message in (slack.message(told(words)), slack.message(told(canary=words, service=words))):
        for text in (message["text"], *(text for _, text in texts(message))):
            assert set(re.findall(r"<[^>]*>", text)) <= {f"<{URL}|Rollout #3>"}
            assert not re.search(r"@\w", text)
            assert not re.search(r"&(?!amp;|lt;|gt;)", text)


@given(st.text(max_size=400), st.text(max_size=80))
def test_no_text_escapes(words, name):
    message = slack.message(told(words, namespace=name, baseline=name))
    for kind, text in texts(message):
        plain = text.replace(f"<{URL}|Rollout #3>", "")
        assert not set(plain) & set("<>")
        assert kind == "plain_text" or plain == ""
        assert text
    assert message["mrkdwn"] is False


@given(st.text(min_size=2_500, max_size=3_500, alphabet="a<&@"))
def test_a_message_stays_within_what_slack_takes(words):
    message = slack.message(told(words, namespace=words))
    limits = {"header": 150, "section": 3_000}
    for block in message["blocks"]:
        for _, text in texts(block):
            assert len(text) <= limits[block["type"]]
    assert len(message["text"]) <= 40_000


def test_the_address_of_a_link_cannot_end_it():
    message = slack.message(told(url="https://m.example/a|b>c<d&e"))
    assert "<https://m.example/a%7Cb%3Ec%3Cd&amp;e|Rollout #3>" in message["text"]
