"""The wizard as the server renders it, before any script runs."""

import html
import json
import re
from urllib.parse import urlencode

import pytest

from cluster import connection
from cluster.errors import Unavailable
from routing.models import Rollout, RolloutStatus
from routing.rollouts.spec import PRESETS
from routing.views import rollout_form
from tests.pages.wizard.asked import FULL, NEW, REVIEWS, kept, said
from tests.pages.world import reviews_destination_rule, reviews_virtual_service
from tests.routing.conftest import mode, people, rights, shared_cluster, sign_in  # noqa: F401
from tests.routing.roles import HIDDEN


@pytest.fixture
def rules_in_force(cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 20, "v2": 80, "v3": 0}))
    return cluster


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def page_data(client, path):
    found = re.search(r'<script id="page" type="application/json">(.*?)</script>', client.get(path).text)
    return json.loads(found[1])


def chosen(page, name):
    return re.findall(rf'name="{name}" value="([^"]*)"[^>]*? checked', page)


def test_nobody_sees_it_without_signing_in(client, db):
    for path in (NEW, f"{NEW}service/"):
        assert client.get(path)["Location"].startswith("/login/")


def test_the_address_chooses_the_service_and_the_version_with_the_most_is_the_baseline(
    signed_in, rules_in_force
):
    page = text(signed_in, f"{REVIEWS}&canary=v3")
    assert '<option value="bookinfo" selected>' in page
    assert '<option value="reviews" selected>' in page
    assert (chosen(page, "baseline"), chosen(page, "canary")) == (["v2"], ["v3"])
    assert "20 % v1, 80 % v2; everyone" in page


def test_without_a_rule_pods_say_which_version_has_the_most(signed_in, cluster):
    asked = page_data(signed_in, f"{NEW}?namespace=bookinfo&service=ratings")["spec"]
    assert (asked["baseline"], asked["canary"]) == ("v1", "v2")


def test_of_three_versions_none_is_guessed_to_be_the_canary(signed_in, rules_in_force):
    assert page_data(signed_in, REVIEWS)["spec"]["canary"] == ""


def test_a_version_that_is_not_deployed_can_be_asked_for(signed_in, rules_in_force):
    page = text(signed_in, f"{REVIEWS}&canary=v9")
    assert chosen(page, "canary") == ["v9"]
    assert "not deployed </td>" in page


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_brings_its_strategy_and_steps(signed_in, cluster, preset):
    strategy, steps = PRESETS[preset]
    page = text(signed_in, f"{NEW}?preset={preset}")
    assert (chosen(page, "strategy"), chosen(page, "preset")) == ([strategy.kind], [preset])
    assert page.split("<template")[0].count('class="step"') == len(steps)


@pytest.mark.parametrize(
    "query",
    [
        "namespace=..&service=%00&baseline=%2e&canary=%ff&preset=nothing",
        f"namespace={'a' * 300}&service={'b' * 300}",
        "namespace=bookinfo&service=nothing",
        "spec=x",
        "spec=[]",
        "spec={}",
        f"spec={'[' * 7000}",
        "spec={'steps':[{'weight':-1,'seconds':1}]}".replace("'", '"'),
        'spec={"steps":[{"weight":NaN,"seconds":1}]}',
        'spec={"steps":"<img>"}',
        'spec={"namespace":"vault"}',
        'spec={"notify":[{"url":"https://a"}]}',
        'spec={"guards":[{"kind":"luck"}]}',
        "from=x",
        "from=-1",
        "from=²",
        f"from={'9' * 60}",
        "from=4711",
    ],
)
def test_a_wrong_address_is_a_form_to_fill(signed_in, rules_in_force, query):
    page = page_data(signed_in, f"{NEW}?{query}")
    assert not page["about"]["found"]
    assert len(page["spec"]["steps"]) == 4
    assert all(len(page["spec"][name]) <= 63 for name in ("namespace", "service", "baseline", "canary"))


def test_an_earlier_rollout_is_done_again_as_it_was(signed_in, ada, rules_in_force):
    before = kept(ada, FULL)
    page = page_data(signed_in, f"{NEW}?from={before.pk}")
    assert page["spec"] == said()
    assert page_data(signed_in, f"{NEW}?from={before.pk}&canary=v2")["spec"] == {**said(), "canary": "v2"}


def test_an_address_says_what_is_not_as_it_is_by_itself(signed_in, rules_in_force):
    own = {"steps": [{"weight": 7, "seconds": 90}], "on_harm": "hold", "alpha": 0.05}
    page = page_data(signed_in, f"{REVIEWS}&canary=v3&{urlencode({'spec': json.dumps(own)})}")
    assert page["spec"]["steps"] == [{"weight": 7, "seconds": 90, "requests": 0, "pause": False}]
    assert (page["spec"]["on_harm"], page["spec"]["alpha"]) == ("hold", 0.05)
    assert page["spec"]["guards"] == page["usual"]["guards"]


def test_what_an_earlier_rollout_says_is_text(signed_in, ada, rules_in_force):
    answer = signed_in.get(f"{NEW}?from={kept(ada, FULL).pk}").text
    assert "<img" not in answer
    assert html.escape(FULL.strategy.value) in answer


def test_everything_is_typed_in_the_units_of_the_form():
    typed = rollout_form.typed(said())
    assert [(step["amount"], step["unit"]) for step in typed["steps"]] == [
        ("45", "s"),
        ("90", "s"),
        ("2", "h"),
    ]
    assert [step["requests"] for step in typed["steps"]] == ["", 300, ""]
    assert typed["errors"] == {"on": True, "margin": "29", "tolerated": "0.7"}
    assert typed["latency"] == {"on": True, "objective": "250.5", "margin": "10", "tolerated": "2"}
    assert typed["alpha"] == "1.25"


def test_a_rollout_that_runs_is_named(signed_in, ada, rules_in_force):
    row = kept(ada)
    page = text(signed_in, REVIEWS)
    assert f'href="/rollouts/{row.pk}/"' in page
    assert "under way" in page
    Rollout.objects.update(status=RolloutStatus.PROMOTED)
    assert "under way" not in text(signed_in, REVIEWS)


def test_a_cluster_that_was_never_reached_is_said(signed_in, cluster):
    cluster.fail_next("list", Unavailable("connection refused"))
    assert "The cluster does not answer." in text(signed_in, NEW)


def test_the_page_carries_no_inline_style_and_no_script_without_a_nonce(signed_in, rules_in_force):
    page = text(signed_in, REVIEWS)
    assert " style=" not in page
    inline = [tag for tag in page.split("<script")[1:] if "src=" not in tag.split(">")[0]]
    assert all("nonce=" in tag or "application/json" in tag.split(">")[0] for tag in inline)


def about(api, namespace="bookinfo", service="reviews"):
    return api.client.get(f"{NEW}service/", {"namespace": namespace, "service": service}).json()


@pytest.mark.parametrize("role", ["viewer", "operator", "administrator"])
def test_who_may_not_write_is_told_before_he_types(role, sign_in, shared_cluster):  # noqa: F811
    api = sign_in(role)
    refusal = "User vera may not update virtualservices"
    assert (refusal in api.client.get(REVIEWS).text) == (role == "viewer")
    assert about(api)["refusal"].startswith(refusal) == (role == "viewer")


@pytest.mark.parametrize("role", ["viewer", "operator", "nobody"])
def test_what_may_not_be_read_is_as_what_is_not_there(role, sign_in, shared_cluster, people):  # noqa: F811
    hidden = kept(people["administrator"], None)
    Rollout.objects.update(namespace="vault", service="ledger", needs="Service./vault")
    api = sign_in(role)
    answer = api.client.get(f"{NEW}?from={hidden.pk}").text
    assert all(name not in answer for name in HIDDEN)
    found, absent = about(api, "vault", "ledger"), about(api, "nowhere", "ledger")
    assert {**found, "namespace": ""} == {**absent, "namespace": ""}
    asked = [
        api.client.get(NEW, {"namespace": place, "service": "ledger"}).text for place in ("vault", "nope!")
    ]
    assert not any("ledger-" in page or '"found": true' in page for page in asked)


def test_a_rollout_that_one_may_not_see_is_not_numbered(sign_in, shared_cluster, people):  # noqa: F811
    kept(people["administrator"])
    Rollout.objects.update(needs="VirtualService.networking.istio.io/vault Service./bookinfo")
    assert about(sign_in("operator"))["running"] == {"id": None, "status": "planned", "canary": ""}
    assert "A rollout of this service is under way" in sign_in("operator").client.get(REVIEWS).text


def test_rows_of_another_cluster_are_not_this_ones(signed_in, ada, rules_in_force):
    kept(ada)
    Rollout.objects.update(cluster="elsewhere")
    assert connection.get().name != "elsewhere"
    assert "under way" not in text(signed_in, REVIEWS)
