"""YAML from strangers: what is read, and what is refused, on which line."""

import contextlib
import json

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from routing import yaml_io
from routing.yaml_io import YamlError

REFUSED = {
    "an alias": ("a: &x 1\nb: *x", 1, "anchor"),
    "a lone alias": ("a: 1\nb: *x", 2, "alias"),
    "a tag": ("a: 1\nb: !!python/object:os.system x", 2, "tag"),
    "a harmless tag": ("a: !!str 1", 1, "tag"),
    "a duplicate key": ("a: 1\nb: 2\na: 3", 3, "second time"),
    "a nested duplicate": ("a:\n  b: 1\n  b: 2", 3, "second time"),
    "two documents": ("a: 1\n---\nb: 2", 2, "second document"),
    "33 levels": ("[" * 33 + "]" * 33, 1, "levels deep"),
    "too many values": ("[" + "1," * 20_001 + "]", 1, "20000 values"),
    "a key that is a list": ("? [a]\n: 1", 1, "plain text"),
    "half a list": ("a: [1", 1, "not YAML"),
    "a tabulator": ("a:\n\t- 1", 2, "not YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_dangerous_or_ambiguous_is_refused_on_its_line(text, line, message):
    with pytest.raises(YamlError, match=message) as refusal:
        yaml_io.read(text)
    assert refusal.value.line == line


def test_more_than_256_kib_are_refused():
    with pytest.raises(YamlError, match="longer than 256 KiB"):
        yaml_io.read("a" * (256 * 1024 + 1))


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(YamlError, match="not UTF-8"):
        yaml_io.read(b"\xff\xfe\x00")
    with pytest.raises(YamlError, match="characters that YAML does not allow"):
        yaml_io.read("a: \x01")


def test_a_bomb_of_aliases_is_refused_before_it_unfolds():
    bomb = 'a: &a ["x","x"]\n' + "".join(
        f"{b}: &{b} [*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(YamlError):
        yaml_io.read(bomb)


def test_values_are_those_of_json():
    read = yaml_io.read(
        "day: 2026-01-01\nanswer: yes\non: 1\nminutes: 1:30\nhalf: 0.5\nnothing: ~\nall: true"
    )
    assert read == {
        "day": "2026-01-01", "answer": "yes", "on": 1, "minutes": "1:30", "half": 0.5, "nothing": None,
        "all": True,
    }  # fmt: skip


def test_a_number_that_is_too_long_is_refused():
    with pytest.raises(YamlError, match="too long"):
        yaml_io.read("9" * 5000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.text())
def test_no_text_does_anything_but_be_read_or_refused(text):
    with contextlib.suppress(YamlError):
        yaml_io.read(text)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_what_is_written_is_yaml_that_others_read_the_same(value):
    assert yaml.safe_load(yaml_io.write({"spec": value})) == {"spec": value}


@given(JSON)
def test_json_is_read_as_yaml_too(value):
    text = json.dumps(value, ensure_ascii=False)
    assume("\\u" not in text)
    assume(all(char.isprintable() for char in text))
    assert yaml_io.read(text) == value


def test_a_manifest_is_written_in_the_usual_order():
    manifest = {
        "spec": {"http": [], "hosts": ["reviews"]},
        "metadata": {"annotations": {"a": "b"}, "namespace": "bookinfo", "name": "reviews"},
        "kind": "VirtualService",
        "apiVersion": "networking.istio.io/v1",
    }
    assert yaml_io.write(manifest).splitlines() == [
        "apiVersion: networking.istio.io/v1", "kind: VirtualService", "metadata:", "  name: reviews",
        "  namespace: bookinfo", "  annotations:", "    a: b",
        "spec:", "  hosts:", "  - reviews", "  http: []",
    ]  # fmt: skip
