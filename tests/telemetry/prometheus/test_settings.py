"""The settings of Prometheus: what is wrong stops the start, and no secret stands where one could read it."""

import pytest
from django.conf import settings as configured

from meshui import env, prometheus_env
from meshui.prometheus_env import Address, SignIn
from telemetry import sources
from telemetry.direct import DirectSource
from telemetry.past import Past
from telemetry.prometheus.source import PrometheusSource

URL = "MESHUI_PROMETHEUS_URL"
SECRET = "open-sesame-and-nobody-else"
NAMES = {
    "token": ("P_TOKEN", "P_TOKEN_FILE"),
    "user": "P_USER",
    "password": ("P_PASSWORD", "P_PASSWORD_FILE"),
    "headers": "P_HEADERS",
    "files": ("P_CA_FILE", "P_CERTIFICATE_FILE", "P_KEY_FILE"),
}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", {}),
        ("http://prom:9090", {"east": Address("http://prom:9090", ())}),
        ("https://prom/prefix/", {"east": Address("https://prom/prefix", ())}),
        ("east=http://prom:9090", {"east": Address("http://prom:9090", ())}),
        (
            "http://prom:9090#cluster=east&mesh_id=one%20two",
            {"east": Address("http://prom:9090", (("cluster", "east"), ("mesh_id", "one two")))},
        ),
    ],
)
def test_the_address_for_one_cluster(monkeypatch, written, expected):
    monkeypatch.setenv(URL, written)
    assert prometheus_env.addresses(URL, ["east"]) == expected


def test_of_several_clusters_each_may_have_its_own(monkeypatch):
    monkeypatch.setenv(URL, "west=https://thanos#cluster=w, east=http://prom:9090")
    assert prometheus_env.addresses(URL, ["east", "west", "north"]) == {
        "west": Address("https://thanos", (("cluster", "w"),)),
        "east": Address("http://prom:9090", ()),
    }


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("prom:9090", "does not begin with http"),
        ("ftp://prom", "does not begin with http"),
        ("http://", "does not begin with http"),
        (f"http://me:{SECRET}@prom", "settings of their own"),
        ("http://prom?x=1", "no question mark"),
        ("http://prom#cluster", "behind # stand labels"),
        ("http://prom#a-b=1", "behind # stand labels"),
        ("south=http://prom", "'south', which is none of east"),
        ("http://a,http://b", "twice"),
    ],
)
def test_an_address_that_cannot_be_used_stops_the_start(monkeypatch, written, reason):
    monkeypatch.setenv(URL, written)
    with pytest.raises(env.SettingError, match=reason) as caught:
        prometheus_env.addresses(URL, ["east"])
    assert URL in str(caught.value)
    assert SECRET not in str(caught.value)


def test_with_several_clusters_an_address_says_of_which_it_is(monkeypatch):
    monkeypatch.setenv(URL, "http://prom")
    with pytest.raises(env.SettingError, match="of which cluster"):
        prometheus_env.addresses(URL, ["east", "west"])


def read(monkeypatch, **variables: str) -> SignIn:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return prometheus_env.sign_in(**NAMES)


def test_no_secret_is_printed(monkeypatch, tmp_path):
    (tmp_path / "password").write_text(f"{SECRET}\n")
    for found in (
        read(monkeypatch, P_TOKEN=SECRET, P_HEADERS=f"X-Scope-OrgID: {SECRET}"),
        read(monkeypatch, P_TOKEN="", P_USER="me", P_PASSWORD_FILE=str(tmp_path / "password")),
    ):
        assert SECRET in (found.token, found.password)
        assert SECRET not in repr(found)


def test_headers_are_a_list(monkeypatch):
    found = read(monkeypatch, P_HEADERS="X-Scope-OrgID: team|other, X-Other:1")
    assert found.headers == (("X-Scope-OrgID", "team|other"), ("X-Other", "1"))


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"P_TOKEN": SECRET, "P_TOKEN_FILE": __file__}, "cannot both be set"),
        ({"P_TOKEN": SECRET, "P_USER": "me"}, "cannot both be set"),
        ({"P_USER": "a:b", "P_PASSWORD": SECRET}, "P_USER holds a colon"),
        ({"P_PASSWORD": SECRET}, "P_PASSWORD has no meaning without P_USER"),
        ({"P_KEY_FILE": __file__}, "P_KEY_FILE has no meaning without P_CERTIFICATE_FILE"),
        ({"P_CA_FILE": "/nowhere"}, "P_CA_FILE names '/nowhere', which is no file"),
        ({"P_TOKEN": f"{SECRET}\nX: y"}, "P_TOKEN holds characters"),
        ({"P_HEADERS": "X-Scope-OrgID"}, "P_HEADERS must be a list of headers"),
        ({"P_HEADERS": "a b: c"}, "P_HEADERS must be a list of headers"),
    ],
)
def test_a_sign_in_that_cannot_be_used_stops_the_start(monkeypatch, variables, reason):
    with pytest.raises(env.SettingError, match=reason) as caught:
        read(monkeypatch, **variables)
    assert SECRET not in str(caught.value)


async def test_where_prometheus_is_set_it_is_asked_and_remembers(settings):
    (name, *_) = (each.name for each in settings.CLUSTERS)
    settings.PROMETHEUS_ADDRESSES = {name: Address("http://127.0.0.1:1", (("mesh_id", "one"),))}
    chosen = sources.of(name)
    assert isinstance(chosen.source, PrometheusSource)
    assert isinstance(chosen.source, Past)
    assert chosen[1:] == (5.0, 60.0, 11.0)
    await chosen.source.close()


async def test_elsewhere_the_proxies_are_read(settings):
    (name, *_) = (each.name for each in settings.CLUSTERS)
    chosen = sources.of(name)
    assert isinstance(chosen.source, DirectSource)
    assert chosen[1:] == (configured.TELEMETRY_TICK_SECONDS, configured.TELEMETRY_WINDOW_SECONDS, None)
    await chosen.source.close()
