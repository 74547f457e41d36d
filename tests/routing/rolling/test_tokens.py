"""An address may hold a token: nobody reads it but who named it."""

import logging
from ipaddress import ip_network

import pytest

from meshui.webhook_env import Allowed
from routing.models import Rollout
from tests.people import person

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


def test_nobody_reads_a_token_but_who_named_it(api, cluster, settings, caplog, client):
    settings.WEBHOOK_ALLOW = (Allowed("", ip_network("127.0.0.1/32"), 9),)
    settings.WEBHOOK_SECRET = f"{TOKEN}-secret-{TOKEN}-secret"
    caplog.set_level(logging.DEBUG)
    started = api.post("rollouts", BODY)
    assert started.status_code == 201, started.content
    number = started.json()["id"]
    assert TOKEN in str(Rollout.objects.get().spec)
    client.force_login(person("otto"))
    answers = [
        api.get("rollouts"),
        api.get(f"rollouts/{number}"),
        api.get(f"rollouts/{number}/evidence"),
        api.client.get("/rollouts/"),
        api.client.get(f"/rollouts/{number}/"),
        api.client.get("/metrics"),
        api.post(f"rollouts/{number}/weight", {"weight": 101}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 200, 422]
    for answer in answers:
        assert TOKEN.encode() not in answer.content
    assert b"https://127.0.0.1:9/" in answers[1].content
    assert TOKEN not in caplog.text


def test_a_refusal_repeats_no_token(api, cluster, settings, caplog):
    caplog.set_level(logging.DEBUG)
    refused = api.post("rollouts", BODY)
    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["error"]["fields"]} == {"gates[0].url", "notify[0].url"}
    assert TOKEN.encode() not in refused.content
    assert TOKEN not in caplog.text
    assert not Rollout.objects.exists()
