"""Messages: kept until they arrive, in order as far as that helps, and no receiver waits for another."""

import logging
import threading
from ipaddress import ip_network

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from meshui.webhook_env import Allowed
from routing.models import Leadership, Rollout, RolloutMessage
from routing.rolling.hooks.telling import GIVE_UP_AFTER, LONGEST_SECONDS, Sender, delay
from routing.rolling.hooks.webhooks import Answer, NoAnswerError
from routing.rolling.leader import leading, saving
from routing.rollouts.inputs import Notify, StaleEpochError
from tests.routing.rolling import making, receivers
from tests.routing.rolling.making import NOW
from tests.routing.rolling.posting import ONE, OTHER, left, logged, tell
from tests.routing.rolling.receivers import Receiver, answer, in_turn

# Receivers are served from threads with connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)


def test_each_who_is_to_be_told_gets_a_message_of_his_own(rollout, sender, post):
    tell(rollout, "held", notify=((ONE, "json"), (OTHER, "json")), words="It got no request.")
    sender.send_due()
    assert sorted(url for url, _, _ in post.got) == [ONE, OTHER]
    assert len({number for *_, number in post.got}) == 2
    assert left() == []
    assert sorted(words for _, words in logged()) == [
        "https://one.example/… was told: held.",
        "https://other.example was told: held.",
    ]


def test_a_message_is_not_there_if_the_state_that_it_is_about_was_not_saved(rollout, sender, post):
    with transaction.atomic():
        tell(rollout, "held")
        transaction.set_rollback(True)
    sender.send_due()
    assert post.got == []


def test_a_message_says_how_the_rollout_stood_not_how_it_stands(rollout, sender, clock, settings):
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.0/8"), None),)
    with Receiver(answer(200)) as receiver:
        tell(rollout, "held", notify=((receiver.url("/x"), "json"),), words="It got no request.")
        Rollout.objects.update(status="aborted", weight=0)
        Sender(lambda: True, clock=clock).send_due()
    body = receiver.requests[0].json
    assert set(body) == {"id", "event", "at", "words", "rollout", "verdict", "sentence", "figures"}
    assert (body["event"], body["words"], body["at"]) == (
        "held",
        "It got no request.",
        "2026-11-28T08:00:00.000Z",
    )
    assert (body["rollout"]["status"], body["rollout"]["weight"]) == ("running", 5)
    assert receiver.requests[0].headers["x-meshui-id"] == body["id"]


def test_slack_gets_its_own_form(rollout, clock, settings):
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.0/8"), None),)
    with Receiver(answer(200, "ok")) as receiver:
        tell(rollout, "held", notify=((receiver.url("/x"), "slack"),), words="<!channel>")
        Sender(lambda: True, clock=clock).send_due()
    assert set(receiver.requests[0].json) == {"text", "mrkdwn", "blocks"}
    assert "<!" not in receiver.requests[0].body.decode()
    assert receiver.requests[0].headers["x-meshui-id"]


def test_what_did_not_arrive_is_sent_again_under_the_same_id_later_and_later(rollout, sender, post, clock):
    tell(rollout, "held")
    post.answers[ONE] = NoAnswerError("one.example did not answer within 10 s.")
    for expected in (2, 4, 8, 16):
        sender.send_due()
        (message,) = RolloutMessage.objects.all()
        assert (message.next_at - clock.now).total_seconds() == expected
        sender.send_due()
        clock.move(seconds=expected)
    post.answers.clear()
    sender.send_due()
    assert len(post.got) == 5
    assert len({number for *_, number in post.got}) == 1
    message.refresh_from_db()
    assert (message.attempts, message.error, message.sent_at, message.next_at) == (5, "", clock.now, None)
    assert [code for code, _ in logged()] == ["not_told_yet", "told"]


def test_the_wait_is_bounded_and_differs():
    assert delay(1, 0.5) == 2
    assert delay(40, 0.5) == delay(10_000, 0.5) == LONGEST_SECONDS
    assert delay(3, 0.0) == pytest.approx(6.4)
    assert delay(3, 1.0) == pytest.approx(9.6)


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_only_2xx_is_arrived(rollout, sender, post, status):
    tell(rollout, "held")
    post.answers[ONE] = Answer(status, "no")
    sender.send_due()
    assert left() == ["held"]
    (message,) = RolloutMessage.objects.all()
    assert message.error.startswith(f"It answered {status}")


def test_it_is_given_up_after_a_day_and_the_log_tells(rollout, sender, post, clock):
    tell(rollout, "held")
    post.answers[ONE] = Answer(500, "no /x?key=t0ken")
    sender.send_due()
    clock.move(seconds=GIVE_UP_AFTER.total_seconds() - 1)
    sender.send_due()
    (message,) = RolloutMessage.objects.all()
    assert message.next_at
    clock.move(hours=1)
    sender.send_due()
    message.refresh_from_db()
    assert (message.next_at, message.sent_at) == (None, None)
    assert message.error == "It answered 500: no /x?…."
    clock.move(days=2)
    sender.send_due()
    assert len(post.got) == 3
    code, words = logged()[-1]
    assert (code, words) == (
        "given_up",
        "https://one.example/… was not told: held. Given up after a day. It answered 500: no /x?….",
    )


def test_a_clock_that_was_set_back_keeps_nothing_for_long(rollout, sender, post, clock):
    clock.move(hours=5)
    tell(rollout, "held", at=clock.now)
    clock.move(hours=-5)
    sender.send_due()
    assert post.events() == ["held"]


def test_the_loop_sends_what_comes_and_survives_what_goes_wrong(rollout, post, caplog):
    told, asked = threading.Event(), []

    def leads():
        asked.append(None)
        if len(asked) == 1:
            raise RuntimeError
        return True

    post.answers[ONE] = lambda _body: told.set() or Answer(200, "")
    sender = Sender(leads, post=post)
    sender.start()
    sender.start()
    tell(rollout, "held", at=timezone.now())
    sender.wake()
    assert told.wait(60)
    sender.stop()
    sender.stop()
    assert "could not be looked up; trying again" in caplog.text
    for thread in list(sender._busy.values()):
        thread.join(60)
    assert not [each for each in threading.enumerate() if each.name.startswith("telling")]


def test_no_token_and_no_secret_is_kept_logged_or_told(rollout, clock, settings, caplog):
    settings.WEBHOOK_SECRET = "s3cret-" * 6
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.0/8"), None),)
    caplog.set_level(logging.DEBUG)
    echo = answer(500, "nothing at /t0ken-path?key=t0ken-query here")
    with Receiver(in_turn(echo, receivers.raw(b"t0ken-query"))) as receiver:
        url = receiver.url("/t0ken-path?key=t0ken-query")
        tell(rollout, "held", notify=((url, "json"), (url, "slack")))
        sender = Sender(lambda: True, clock=clock)
        sender.send_due()
        clock.move(days=2)
        sender.send_due()
        sender.send_due()
    kept = [f"{each} {each.error}" for each in RolloutMessage.objects.all()]
    bodies = [request.body.decode() for request in receiver.requests]
    for text in (*kept, *bodies, str(logged()), caplog.text):
        assert "t0ken" not in text
        assert "s3cret" not in text
    assert len(receiver.requests) == 4
    assert get_user_model().objects.count() == 1


def test_the_messages_of_a_step_are_kept_with_it(rollout, sender, post):
    Leadership.objects.create(name=leading.NAME, holder="me", epoch=4)
    spec, held = making.spec(notify=((ONE, "json"), (OTHER, "slack"))), making.state(status="held")
    actions = (Notify("held", "It got no request."),)
    saving.save(4, [saving.Saving(rollout, spec, held, actions, NOW.timestamp())])
    assert sorted(RolloutMessage.objects.values_list("url", "format", "event")) == [
        (ONE, "json", "held"),
        (OTHER, "slack", "held"),
    ]
    assert {each.body["rollout"]["status"] for each in RolloutMessage.objects.all()} == {"held"}
    sender.send_due()
    assert left() == []
    with pytest.raises(StaleEpochError):
        saving.save(3, [saving.Saving(rollout, spec, held, actions, NOW.timestamp())])
    assert left() == []
