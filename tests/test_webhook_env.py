"""The settings of webhooks: what cannot be used stops the start, and the secret stands in no message."""

from ipaddress import ip_network

import pytest

from meshui import env, webhook_env
from meshui.webhook_env import Allowed

ALLOW, SECRET, FILE = "MESHUI_WEBHOOK_ALLOW", "MESHUI_WEBHOOK_SECRET", "MESHUI_WEBHOOK_SECRET_FILE"


def allowed(monkeypatch, value):
    monkeypatch.setenv(ALLOW, value)
    return webhook_env.allowed(ALLOW)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ()),
        ("hooks.internal", (Allowed("hooks.internal", None, None),)),
        ("Hooks.Internal.:8080", (Allowed("hooks.internal", None, 8080),)),
        ("10.1.0.0/16", (Allowed("", ip_network("10.1.0.0/16"), None),)),
        ("10.1.2.3:9000", (Allowed("", ip_network("10.1.2.3/32"), 9000),)),
        ("fd00::7", (Allowed("", ip_network("fd00::7/128"), None),)),
        ("[fd00::7]:9000", (Allowed("", ip_network("fd00::7/128"), 9000),)),
        ("[::1]", (Allowed("", ip_network("::1/128"), None),)),
        ("fd00::/8, a", (Allowed("", ip_network("fd00::/8"), None), Allowed("a", None, None))),
    ],
)
def test_hosts_ports_addresses_and_networks_are_allowed(monkeypatch, value, expected):
    assert allowed(monkeypatch, value) == expected


@pytest.mark.parametrize(
    "value",
    ["10.1.2.3/16", "10.0.0.0/33", "a/b", "https://hooks.internal", "h:0", "h:65536", "h:http", "*.internal",
     "h:1:2", "user@h", "h_ü", "[::1", ":80", "/"],
)  # fmt: skip
def test_what_is_none_of_them_stops_the_start(monkeypatch, value):
    with pytest.raises(env.SettingError, match=ALLOW):
        allowed(monkeypatch, value)


def test_the_secret_comes_from_the_variable_or_a_file_or_is_none(monkeypatch, tmp_path):
    assert webhook_env.secret(SECRET, FILE) == ""
    monkeypatch.setenv(SECRET, "s" * 32)
    assert webhook_env.secret(SECRET, FILE) == "s" * 32
    (tmp_path / "secret").write_text("f" * 40 + "\n")
    monkeypatch.setenv(FILE, str(tmp_path / "secret"))
    with pytest.raises(env.SettingError, match="cannot both be set"):
        webhook_env.secret(SECRET, FILE)
    monkeypatch.delenv(SECRET)
    assert webhook_env.secret(SECRET, FILE) == "f" * 40


@pytest.mark.parametrize("content", [b"", b"too-sh0rt", b"\xff\xfe" * 40])
def test_a_file_without_a_secret_stops_the_start(monkeypatch, tmp_path, content):
    (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv(FILE, str(tmp_path / "secret"))
    with pytest.raises(env.SettingError, match=FILE) as caught:
        webhook_env.secret(SECRET, FILE)
    assert "too-sh0rt" not in str(caught.value)
    monkeypatch.setenv(FILE, str(tmp_path / "none"))
    with pytest.raises(env.SettingError, match=FILE):
        webhook_env.secret(SECRET, FILE)


def test_a_short_secret_stops_the_start_and_is_not_told(monkeypatch):
    monkeypatch.setenv(SECRET, "too-sh0rt")
    with pytest.raises(env.SettingError, match="has 9 characters; at least 32") as caught:
        webhook_env.secret(SECRET, FILE)
    assert "too-sh0rt" not in str(caught.value)


def test_the_consoles_own_address_is_one_without_a_query(monkeypatch):
    name = "MESHUI_PUBLIC_URL"
    for value, expected in (
        ("", ""),
        ("https://m.example/", "https://m.example"),
        ("http://h:1/a/", "http://h:1/a"),
    ):
        monkeypatch.setenv(name, value)
        assert webhook_env.base(name) == expected
    for value in (
        "m.example",
        "https://m.example/?a=b",
        "https://m.example/#a",
        "https://u@m.example/",
        "https://{x}/",
    ):
        monkeypatch.setenv(name, value)
        with pytest.raises(env.SettingError, match=name):
            webhook_env.base(name)


def test_an_authority_that_is_not_there_stops_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("MESHUI_WEBHOOK_CA_FILE", str(tmp_path / "none"))
    with pytest.raises(env.SettingError, match="MESHUI_WEBHOOK_CA_FILE"):
        webhook_env.file("MESHUI_WEBHOOK_CA_FILE")
