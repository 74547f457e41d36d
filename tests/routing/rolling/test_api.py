"""Rollouts over REST: started once, shown, listed and commanded."""

import json

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from cluster import connection, kinds
from cluster.refs import Ref
from routing import serializers
from routing.api import rollout_shapes as shapes
from routing.errors import ConflictError
from routing.models import Rollout, RolloutCommand, RolloutEvent
from routing.rolling import starting
from telemetry.live import Traffic
from tests.people import own, person
from tests.routing.rolling.asked import BODY, STEPS, begun, ends
from tests.routing.stage import NO_TRAFFIC, bookinfo, destination_rule, route, virtual_service, writes
from tests.routing.test_shapes import assert_shape

pytestmark = pytest.mark.django_db


@pytest.fixture
def started(api, cluster):
    """The id of a rollout that has not begun."""
    answer = api.post("rollouts", BODY)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def test_a_rollout_starts_with_everything_that_the_answer_promises(api, cluster, started):
    found = api.get(f"rollouts/{started}").json()
    assert_shape(shapes.RolloutDetailSerializer, found)
    assert found["status"] == "planned"
    assert (found["step"], found["weight"]) == (-1, 0)
    assert (found["configured_share"], found["observed_share"]) == (None, None)
    assert [step["weight"] for step in found["steps"]] == [5, 25, 50, 100]
    assert [guard["kind"] for guard in found["spec"]["guards"]] == ["errors"]
    assert found["created_by"] == "olga"
    assert [entry["code"] for entry in found["log"]] == ["planned"]
    assert writes(cluster) == []  # the engine writes, not who asks


def test_answers_have_the_shapes_of_the_document(api, started):
    begun(started)
    assert_shape(shapes.RolloutsSerializer, api.get("rollouts").json())
    assert_shape(shapes.RolloutDetailSerializer, api.get(f"rollouts/{started}").json())
    assert_shape(shapes.EvidenceSerializer, api.get(f"rollouts/{started}/evidence").json())
    preview = api.post("rollouts/preview", {**BODY, "service": "details", "canary": "v1", "baseline": "v9"})
    assert_shape(serializers.ErrorSerializer, preview.json())
    assert_shape(shapes.PreviewSerializer, api.post("rollouts/preview", BODY).json())


def test_strategy_may_be_an_object_and_the_body_yaml(api, cluster):
    text = yaml.safe_dump({**BODY, "strategy": {"kind": "weighted"}, "note": "by a pipeline"})
    answer = api.client.post("/api/v1/rollouts", text, content_type="application/yaml")
    assert answer.status_code == 201, answer.content
    assert answer.json()["strategy"] == {"kind": "weighted"}
    assert answer.json()["note"] == "by a pipeline"


def test_the_same_key_starts_once(api, cluster):
    head = {"Idempotency-Key": "deploy-17"}

    def post(body):
        return api.client.post("/api/v1/rollouts", body, content_type="application/json", headers=head)

    first, again = post(BODY), post({**BODY, "strategy": {"kind": "weighted"}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert Rollout.objects.count() == 1
    other = post({**BODY, "canary": "v2"})
    assert other.status_code == 409
    assert "key" in other.json()["error"]["message"]
    # It finds the rollout when it has ended, too: the pipeline asks for this one, not for another.
    ends(first.json()["id"])
    assert post(BODY).json()["id"] == first.json()["id"]


def test_the_key_may_stand_in_the_body_and_is_each_persons_own(api, cluster, client):
    first = api.post("rollouts", {**BODY, "idempotency_key": "k"})
    assert api.post("rollouts", {**BODY, "idempotency_key": "k"}).json()["id"] == first.json()["id"]
    client.force_login(person("ben"))
    assert api.post("rollouts", {**BODY, "idempotency_key": "k"}).status_code == 409


def test_a_service_with_a_rollout_refuses_another_and_names_it(api, started):
    answer = api.post("rollouts", {**BODY, "canary": "v2"})
    error = answer.json()["error"]
    assert answer.status_code == 409
    assert f"#{started}" in error["message"]
    assert (error["rollout"], error["link"]) == (started, f"/rollouts/{started}/")
    warned = api.post("rollouts/preview", BODY).json()["warnings"]
    assert f"#{started}" in next(each["words"] for each in warned if each["code"] == "OCCUPIED")
    ends(started, "aborted")
    assert api.post("rollouts", BODY).status_code == 201


def test_lists_are_filtered_and_the_newest_comes_first(api, cluster, started):
    ends(started)
    second = api.post("rollouts", BODY).json()["id"]
    third = api.post("rollouts", {**BODY, "service": "ratings", "canary": "v2"}).json()["id"]
    listed = lambda **query: [each["id"] for each in api.get("rollouts", **query).json()["rollouts"]]  # noqa: E731
    assert listed() == [third, second, started]
    assert listed(active=1) == [third, second]
    assert listed(service="reviews", namespace="bookinfo") == [second, started]
    assert listed(namespace="elsewhere") == []


def test_a_canary_that_is_not_there_yet_is_waited_for(api, cluster):
    preview = api.post("rollouts/preview", {**BODY, "canary": "v4"})
    assert preview.status_code == 200, preview.content
    warned = {each["code"]: each["words"] for each in preview.json()["warnings"]}
    assert "v4" in warned["CANARY_NOT_DEPLOYED"]
    assert api.post("rollouts", {**BODY, "canary": "v4"}).status_code == 201


def test_the_preview_shows_each_step_on_what_the_one_before_it_leaves(api, cluster):
    steps = api.post("rollouts/preview", BODY).json()["steps"]
    kinds_of = [[item["resource"]["kind"] for item in step["operations"]] for step in steps]
    # v3 gets its subset once, before the first route to it.
    assert kinds_of == [["DestinationRule", "VirtualService"], *[["VirtualService"]] * 3]
    assert "weight: 25" in steps[1]["operations"][0]["yaml_after"]
    assert "weight: 5\n" in steps[1]["operations"][0]["yaml_before"]
    assert steps[0]["sentence"] == "reviews: 95 % v1, 5 % v3"
    assert not Rollout.objects.exists()
    assert writes(cluster) == []


def test_who_loses_the_requests_of_a_third_version_is_told(api):
    staged = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 60), ("v2", 40))}]),
        destination_rule("reviews", ["v1", "v2"]),
    )
    with connection.override(staged):
        warned = api.post("rollouts/preview", BODY).json()["warnings"]
    assert "v2" in next(each["words"] for each in warned if each["code"] == "OTHERS_LOSE_TRAFFIC")


@pytest.mark.parametrize(
    "path", ["rollouts/9999", "rollouts/9999/evidence", "rollouts/9999/events", f"rollouts/{2**70}"]
)
def test_an_unknown_rollout_is_not_found(api, cluster, path):
    assert api.get(path).status_code == 404
    assert api.post("rollouts/9999/abort").status_code == 404


def test_evidence_is_exported_whole(api, started):
    row = Rollout.objects.get(pk=started)
    RolloutEvent.objects.create(
        rollout=row,
        at=timezone.now(),
        kind="card",
        data={"why": "w", "status": "held", "step": 0, "figures": []},
    )
    found = api.get(f"rollouts/{started}/evidence").json()
    assert [each["card"]["why"] for each in found["cards"]] == ["w"]
    assert found["now"]["figures"][0]["bound"] == 100
    (short,) = api.get(f"rollouts/{started}").json()["cards"]
    assert (short["words"], short["status"], short["step"]) == ("w", "held", 0)


def test_a_stream_without_asgi_says_what_is_known_and_ends(api, started):
    answer = api.get(f"rollouts/{started}/events")
    assert answer["Content-Type"].startswith("text/event-stream")
    lines = b"".join(answer).decode().splitlines()
    assert lines[0] == "retry: 2000"
    assert ("event: rollout" in lines, "id: 1" in lines) == (True, True)
    data = next(line for line in lines if line.startswith("data: "))
    assert_shape(shapes.RolloutDetailSerializer, json.loads(data.removeprefix("data: ")))
    every = b"".join(api.get("rollouts/events")).decode()
    assert json.loads(every.split("data: ")[1])["id"] == started


def test_a_poll_that_waits_for_nothing_new_answers_in_time(api, started):
    answer = api.get(f"rollouts/{started}", after=1, wait=0.05)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert api.get(f"rollouts/{started}", after=0, wait=60).json()["version"] == 1
    for query in ({"wait": 61}, {"wait": -1}, {"after": "x"}, {"wait": "nan"}):
        assert api.get(f"rollouts/{started}", **query).status_code == 400, query


def test_a_session_needs_its_csrf_token(cluster, started, olga):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    for path in ("rollouts", f"rollouts/{started}/abort", "rollouts/preview"):
        answer = strict.post(f"/api/v1/{path}", BODY, content_type="application/json")
        assert answer.status_code == 403, path
        assert "CSRF" in answer.json()["error"]["message"]
    # A form of another site cannot say that it is JSON.
    assert Client(enforce_csrf_checks=True).post("/api/v1/rollouts", BODY).status_code == 401
    assert not RolloutCommand.objects.exists()


def test_addresses_with_keys_are_shown_to_who_started_it_only(api, cluster, client, settings):
    settings.WEBHOOK_ALLOW = ()
    started = api.post(
        "rollouts", {**BODY, "notify": [{"url": "https://93.184.216.34/hooks/T0P-S3CRET", "format": "slack"}]}
    )
    assert started.status_code == 201, started.content
    pk = started.json()["id"]
    assert "T0P-S3CRET" in api.get(f"rollouts/{pk}").json()["spec"]["notify"][0]["url"]
    client.force_login(person("ben"))
    for path in (f"rollouts/{pk}", f"rollouts/{pk}/evidence", "rollouts"):
        assert "T0P-S3CRET" not in api.get(path).content.decode()
    assert "T0P-S3CRET" not in b"".join(api.get(f"rollouts/{pk}/events")).decode()


def test_a_gateway_rule_that_binds_no_caller_is_told(api):
    staged = bookinfo(
        virtual_service(
            "reviews", [{"route": route(("v1", 100))}], hosts=["reviews.example.com"], gateways=["edge"]
        ),
        destination_rule("reviews", ["v1", "v3"]),
    )
    with connection.override(staged):
        answer = api.post("rollouts/preview", BODY)
    assert "GATEWAY_ONLY" in [each["code"] for each in answer.json()["warnings"]], answer.content


def test_another_manager_is_told(api):
    rule = virtual_service("reviews", [{"route": route(("v1", 100))}])
    rule["metadata"]["annotations"] = {
        "argocd.argoproj.io/tracking-id": "shop:networking.istio.io/VirtualService:bookinfo/reviews"
    }
    with connection.override(bookinfo(rule, destination_rule("reviews", ["v1", "v3"]))) as staged:
        found = api.post("rollouts/preview", BODY).json()
        assert staged.get(Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews"))
    assert "Argo CD" in next(each["words"] for each in found["warnings"] if each["code"] == "OTHER_MANAGER")


def test_steps_come_back_as_they_were_asked_for(api, cluster):
    steps = [{**STEPS[0], "requests": 100, "pause": True}, *STEPS[1:]]
    found = api.post("rollouts", {**BODY, "steps": steps}).json()
    assert found["steps"][0] == steps[0]
    # Where a person is waited for, nobody knows the end.
    assert found["expected_end"] is None


class Meanwhile(Traffic):
    """In the time that it takes to look at the traffic, somebody does something."""

    def __init__(self, does):
        super().__init__(None, None)
        self.does = does

    def available(self):
        does, self.does = self.does, lambda: None
        does()
        return False


def test_of_two_at_the_same_moment_one_starts_and_both_hear_of_it(cluster, olga):
    def start(traffic, key="k"):
        return starting.start(BODY, olga, own(), traffic, key=key)

    first, is_new = start(Meanwhile(lambda: start(NO_TRAFFIC)))
    assert Rollout.objects.get() == first
    assert not is_new
    ends(first.pk)
    with pytest.raises(ConflictError, match="one rollout at a time"):
        start(Meanwhile(lambda: start(NO_TRAFFIC, "other")), "another")


def test_a_rollout_of_another_release_is_shown_as_far_as_it_can_be(api, cluster, started, caplog):
    other = api.post("rollouts", {**BODY, "service": "ratings", "canary": "v2"}).json()["id"]
    Rollout.objects.filter(pk=started).update(spec={"format": 2}, state={"format": 2})
    found = api.get("rollouts").json()["rollouts"]
    assert [each["id"] for each in found] == [other, started]
    assert_shape(shapes.RolloutsSerializer, {"rollouts": found})
    assert found[1]["why"]["code"] == "unreadable"
    for path in ("", "/evidence", "/events"):
        assert api.get(f"rollouts/{started}{path}").status_code == 200
    metrics = api.client.get("/metrics").text
    assert f'meshui_rollout_info{{rollout="{other}"' in metrics
    assert f'rollout="{started}"' not in metrics
    assert "cannot be read" in caplog.text


def test_the_document_tells_the_steps_of_a_rollout_apart_from_others(api):
    schemas = api.get("schema/", format="json").json()["components"]["schemas"]
    assert set(schemas["RolloutStep"]["properties"]) == {"weight", "seconds", "requests", "pause"}
    named = schemas["RolloutDetail"]["properties"]
    assert named["steps"]["items"] == {"$ref": "#/components/schemas/RolloutStep"}
    assert {"status", "weight", "configured_share", "observed_share", "step"} <= set(named)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Weighted", "weighted"),
        ("canary", "weighted"),
        (None, "weighted"),
        ("mirror first", "mirror"),
        ("blue-green", "blue_green"),
        ({"kind": "blue-green"}, "blue_green"),
        ({"kind": "HEADER", "name": "x-canary", "value": "1"}, "header"),
    ],
    ids=str,
)
def test_strategies_have_their_usual_names_too(api, cluster, said, kind):
    steps = [{"weight": 0, "seconds": 60, "requests": None, "pause": None}, {"weight": 100, "seconds": 60}]
    found = api.post("rollouts", {**BODY, "strategy": said, "steps": steps})
    assert found.status_code == 201, found.content
    assert found.json()["strategy"]["kind"] == kind
