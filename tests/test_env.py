import stat

import pytest

from meshui import env


@pytest.mark.parametrize("value", ["true", "1", "yes", "FALSE"])
def test_a_boolean_is_true_or_false_and_nothing_else(monkeypatch, value):
    monkeypatch.setenv("MESHUI_HTTPS", value)
    with pytest.raises(env.SettingError, match=r"MESHUI_HTTPS is .* must be True or False"):
        env.boolean("MESHUI_HTTPS")


def test_an_empty_boolean_is_its_default(monkeypatch):
    monkeypatch.setenv("MESHUI_HTTPS", "")
    assert env.boolean("MESHUI_HTTPS", default=True) is True


@pytest.mark.parametrize(("value", "reason"), [("soon", "must be a number"), ("0.1", "between 0.2 and 60")])
def test_a_number_out_of_place_names_its_setting(monkeypatch, value, reason):
    monkeypatch.setenv("MESHUI_TICK_SECONDS", value)
    with pytest.raises(env.SettingError, match=f"MESHUI_TICK_SECONDS .*{reason}"):
        env.number("MESHUI_TICK_SECONDS", 1.0, minimum=0.2, maximum=60)


def test_words_are_split_at_commas_and_trimmed(monkeypatch):
    monkeypatch.setenv("MESHUI_ALLOWED_HOSTS", "a.example, b.example,")
    assert env.words("MESHUI_ALLOWED_HOSTS", []) == ["a.example", "b.example"]


def test_a_short_secret_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("MESHUI_SECRET_KEY", "short")
    with pytest.raises(env.SettingError, match="at least 32"):
        env.secret("MESHUI_SECRET_KEY", tmp_path / "key")


def test_a_secret_is_made_once_kept_and_readable_by_its_owner_only(monkeypatch, tmp_path):
    monkeypatch.delenv("MESHUI_SECRET_KEY", raising=False)
    first = env.secret("MESHUI_SECRET_KEY", tmp_path / "key")
    assert env.secret("MESHUI_SECRET_KEY", tmp_path / "key") == first
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert env.secret("MESHUI_SECRET_KEY", tmp_path / "other") != first


def test_a_secret_may_come_from_a_named_file(monkeypatch, tmp_path):
    (tmp_path / "mounted").write_text("s" * 40 + "\n")
    monkeypatch.delenv("MESHUI_SECRET_KEY", raising=False)
    monkeypatch.setenv("MESHUI_SECRET_KEY_FILE", str(tmp_path / "mounted"))
    assert env.secret("MESHUI_SECRET_KEY", tmp_path / "unused") == "s" * 40


PLACES = ("namespace", "service", "from")


def link(monkeypatch, value):
    monkeypatch.setenv("MESHUI_GRAFANA_URL", value)
    return env.link("MESHUI_GRAFANA_URL", PLACES)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://grafana.example/d/istio?var-namespace={namespace}&from={from}",
        "http://127.0.0.1:3000/{namespace}/{service}",
        "http://[::1]:3000/%7B{service}%7D#{from}",
    ],
)
def test_a_link_is_an_address_with_known_placeholders(monkeypatch, value):
    assert link(monkeypatch, value) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("javascript:alert({service})", "begins with https"),
        ("//grafana.example/{service}", "begins with https"),
        ("grafana.example/d/x", "begins with https"),
        ("https:///d/x", "begins with https"),
        ("https://user:word@grafana.example/", "begins with https"),
        ("https://grafana.example:many/", "begins with https"),
        ("https://grafana.example/a b", "begins with https"),
        ("https://{namespace}.example/", "host .* cannot have a placeholder"),
        ("https://grafana.example{namespace}/", "host .* cannot have a placeholder"),
        (
            "https://grafana.example/{pod}",
            r"has \{pod\}; what can be filled in is \{namespace\}, ",
        ),
        ("https://grafana.example/{}", r"has \{\}"),
        ("https://grafana.example/{{service}}", "brace that belongs to no placeholder"),
        ("https://grafana.example/{service", "brace that belongs to no placeholder"),
    ],
)
def test_a_link_that_cannot_be_one_stops_the_start(monkeypatch, value, reason):
    with pytest.raises(env.SettingError, match=f"MESHUI_GRAFANA_URL.* {reason}"):
        link(monkeypatch, value)


def test_rules_may_stand_in_the_variable_or_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "health.json").write_text('[{"tolerance": []}]')
    for value, read in (
        ("", ""),
        (' [{"a": 1}]', '[{"a": 1}]'),
        (str(tmp_path / "health.json"), '[{"tolerance": []}]'),
    ):
        monkeypatch.setenv("MESHUI_HEALTH", value)
        assert env.text_or_file("MESHUI_HEALTH") == read


@pytest.mark.parametrize("value", ["no/such/file", "."])
def test_what_is_neither_json_nor_a_file_is_refused(monkeypatch, value):
    monkeypatch.setenv("MESHUI_HEALTH", value)
    with pytest.raises(env.SettingError, match="neither JSON nor a file"):
        env.text_or_file("MESHUI_HEALTH")


def test_of_two_ratios_the_second_is_no_smaller(monkeypatch):
    monkeypatch.delenv("A", raising=False)
    monkeypatch.setenv("B", "0.5")
    assert env.ratios("A", "B", 0.01, 0.05) == (0.01, 0.5)
    monkeypatch.setenv("A", "0.6")
    with pytest.raises(env.SettingError, match=r"A is 0.6, which is more than B \(0.5\)"):
        env.ratios("A", "B", 0.01, 0.05)


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("", {}),
        ("east-1", {"": "east-1"}),
        ("east-1, west = w=1", {"": "east-1", "west": "w=1"}),
        ("default=a,west=b", {"default": "a", "west": "b"}),
    ],
)
def test_ids_of_clusters(monkeypatch, value, ids):
    monkeypatch.setenv("X", value)
    assert env.cluster_ids("X") == ids


@pytest.mark.parametrize("value", ["a,b", "=b", "west=", "west=a,west=b"])
def test_ids_of_clusters_that_say_nothing_are_refused(monkeypatch, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(env.SettingError, match="X "):
        env.cluster_ids("X")
