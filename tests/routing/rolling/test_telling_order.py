"""Messages come in order as far as that helps, no receiver waits for another, and only who leads sends."""

import threading

import pytest
from django.db import connection as database
from django.db.utils import OperationalError
from django.utils import timezone

from routing.models import RolloutMessage
from routing.rolling.hooks import telling
from routing.rolling.hooks.telling import Sender
from routing.rolling.hooks.webhooks import Answer, NoAnswerError
from tests.routing.rolling.posting import ONE, OTHER, left, tell

# Receivers are served from threads with connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)


class TestOrder:
    def test_messages_come_in_their_order(self, rollout, sender, post):
        tell(rollout, "running", "held", "running", "promoted")
        sender.send_due()
        assert post.events() == ["running", "held", "running", "promoted"]

    @pytest.mark.parametrize("away", [NoAnswerError("away"), Answer(429, ""), Answer(503, "")], ids=str)
    def test_later_ones_wait_for_a_receiver_that_is_away(self, rollout, sender, post, clock, away):
        tell(rollout, "running", "held")
        post.answers[ONE] = away
        sender.send_due()
        clock.move(seconds=1)
        tell(rollout, "promoted", at=clock.now)
        sender.send_due()
        assert post.events() == ["running"]
        clock.move(seconds=1)
        post.answers.clear()
        sender.send_due()
        assert post.events() == ["running", "running", "held", "promoted"]

    def test_later_ones_pass_one_that_is_refused(self, rollout, sender, post, clock):
        tell(rollout, "running", "held")
        post.answers[ONE] = lambda body: Answer(400 if body["event"] == "running" else 200, "")
        sender.send_due()
        assert post.events() == ["running", "held"]
        tell(rollout, "promoted")
        sender.send_due()
        assert post.events() == ["running", "held", "promoted"]
        clock.move(seconds=2)
        sender.send_due()
        assert post.events()[-1] == "running"
        assert left() == ["running"]

    def test_one_that_was_given_up_holds_nothing_back(self, rollout, sender, post, clock):
        tell(rollout, "running")
        post.answers[ONE] = NoAnswerError("away")
        clock.move(days=2)
        sender.send_due()
        tell(rollout, "held", at=clock.now)
        post.answers.clear()
        sender.send_due()
        assert post.events() == ["running", "held"]

    def test_one_that_cannot_be_written_holds_nothing_back(self, rollout, sender, post, clock):
        broken, _ = tell(rollout, "running", "held", notify=((ONE, "slack"),))
        RolloutMessage.objects.filter(pk=broken.pk).update(body={"id": "x"})
        Sender(lambda: True, post=lambda *_, **__: Answer(200, ""), clock=clock).send_due()
        assert left() == ["running"]
        broken.refresh_from_db()
        assert broken.error == "It could not be written: KeyError."
        assert broken.next_at > clock.now


class TestReceivers:
    def test_one_that_is_slow_holds_up_no_other(self, rollout, sender, post):
        answered, told = threading.Event(), threading.Event()

        def slow(_body):
            assert told.wait(60)
            answered.set()
            return Answer(200, "")

        def fast(_body):
            told.set()
            return Answer(200, "")

        post.answers = {ONE: slow, OTHER: fast}
        tell(rollout, "held", notify=((ONE, "json"), (OTHER, "json")))
        sender.send_due()
        assert answered.is_set()
        assert left() == []

    def test_many_that_are_away_keep_no_thread_from_one_that_answers(self, rollout, sender, post, clock):
        dead = [f"https://dead-{number}.example/" for number in range(telling.WORKERS * 2)]
        post.answers = dict.fromkeys(dead, NoAnswerError("away"))
        tell(rollout, "held", notify=[(url, "json") for url in dead])
        for _ in range(3):
            sender.send_due()
        clock.move(hours=1)
        tell(rollout, "held", notify=((ONE, "json"),), at=clock.now)
        sender.send_due()
        assert post.events() == ["held"]

    def test_one_that_is_being_sent_to_is_not_sent_to_twice(self, rollout, sender, post):
        sending, over = threading.Event(), threading.Event()

        def slow(_body):
            sending.set()
            assert over.wait(60)
            return Answer(200, "")

        post.answers[ONE] = slow
        tell(rollout, "held")
        first = threading.Thread(target=sender.send_due)
        first.start()
        assert sending.wait(60)
        sender.send_due()
        over.set()
        first.join()
        assert post.events() == ["held"]


class TestLeading:
    def test_who_does_not_lead_sends_nothing(self, rollout, post, clock):
        tell(rollout, "held")
        Sender(lambda: False, post=post, clock=clock).send_due()
        assert post.got == []

    def test_who_leads_no_more_stops_between_two_messages(self, rollout, post, clock):
        leading = [True]
        post.answers[ONE] = lambda _body: leading.clear() or Answer(200, "")
        tell(rollout, "running", "held")
        Sender(lambda: bool(leading), post=post, clock=clock).send_due()
        assert post.events() == ["running"]
        assert left() == ["held"]

    def test_the_next_leader_sends_what_is_left_in_order(self, rollout, post, clock):
        tell(rollout, "running", "held")
        post.answers[ONE] = NoAnswerError("away")
        Sender(lambda: True, post=post, clock=clock).send_due()
        post.answers.clear()
        other = Sender(lambda: True, post=post, clock=clock)
        other.send_due()
        assert post.events() == ["running"]
        clock.move(seconds=3)
        other.send_due()
        assert post.events() == ["running", "running", "held"]


class TestAttempts:
    def test_one_that_cannot_be_kept_as_sent_is_not_sent_at_every_look(self, rollout, sender, post, clock):
        tell(rollout, "held")
        with database.cursor() as cursor:
            cursor.execute(
                "CREATE TRIGGER full BEFORE UPDATE OF sent_at ON routing_rolloutmessage "
                "WHEN NEW.sent_at IS NOT NULL BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"
            )
        try:
            for _ in range(30):
                sender.send_due()
                clock.move(seconds=1)
        finally:
            with database.cursor() as cursor:
                cursor.execute("DROP TRIGGER full")
        assert len(post.got) in (2, 3)
        clock.move(hours=1)
        sender.send_due()
        assert left() == []
        assert len({number for *_, number in post.got}) == 1

    def test_two_who_think_that_they_lead_do_not_send_the_same_at_the_same_time(self, rollout, post, clock):
        sending, over = threading.Event(), threading.Event()

        def slow(_body):
            sending.set()
            assert over.wait(60)
            return Answer(200, "")

        post.answers[ONE] = slow
        tell(rollout, "held")
        one, other = (Sender(lambda: True, post=post, clock=clock) for _ in range(2))
        first = threading.Thread(target=one.send_due)
        first.start()
        assert sending.wait(60)
        clock.move(seconds=5)
        other.send_due()
        over.set()
        first.join()
        assert post.events() == ["held"]
        assert left() == []

    def test_a_database_that_is_away_does_not_make_the_loop_spin(self, rollout, post, caplog):
        tell(rollout, "held", at=timezone.now())
        asked, enough = [], threading.Event()

        def leads():
            asked.append(None)
            if len(asked) == 4:
                enough.set()
            raise OperationalError("the database is away")

        sender = Sender(leads, post=post)
        sender.start()
        assert enough.wait(60)
        sender.stop()
        assert caplog.text.count("wait for the database") == 1
        assert post.got == []
