"""An address may hold a token: nobody reads it again, not even who started the rollout."""

import logging
from ipaddress import ip_network

import pytest

from meshui.webhook_env import Allowed
from routing.models import Rollout

pytestmark = pytest.mark.django_db
TOKEN = "t0ken-t0ken"
BODY = {
    "namespace": "bookinfo",
    "service": "reviews",
    "baseline": "v1",
    "canary": "v3",
    "strategy": "weighted",
    "steps": [{"weight": 5, "seconds": 60}, {"weight": 100, "seconds": 60}],
    "gates": [{"stage": "before_start", "url": f"https://127.0.0.1:9/{TOKEN}/a?key={TOKEN}"}],
    "notify": [{"url": f"https://127.0.0.1:9/{TOKEN}?key={TOKEN}", "format": "slack"}],
}


def test_no_answer_page_or_log_holds_a_token(api, cluster, settings, caplog):
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.1/32"), 9),)
    settings.WEBHOOK_SECRET = f"{TOKEN}-secret-{TOKEN}-secret"
    caplog.set_level(logging.DEBUG)
    started = api.post("rollouts", BODY)
    assert started.status_code == 201, started.content
    number = started.json()["id"]
    assert TOKEN in str(Rollout.objects.get().spec)
    answers = [
        started,
        api.get("rollouts"),
        api.get(f"rollouts/{number}"),
        api.get(f"rollouts/{number}/evidence"),
        api.client.get("/rollouts/"),
        api.client.get(f"/rollouts/{number}/"),
    ]
    for answer in answers:
        assert answer.status_code in (200, 201)
        assert TOKEN.encode() not in answer.content
    assert b"https://127.0.0.1:9/" in answers[2].content
    assert TOKEN not in caplog.text
