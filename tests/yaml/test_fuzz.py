"""Whatever is typed or sent: it is read, or refused with a line; and what is read is what was written."""

import contextlib
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from routing import contents, validating, yaml_io, yaml_marks
from routing.yaml_io import YamlError
from tests.people import own
from tests.yaml.test_validating import GATEWAY, ROUTE
from tests.yaml.world import VIRTUAL_SERVICE, defined

PERSON = own(defined())
TEXT = st.text(st.characters(codec="utf-8"))
"""Everything that UTF-8 can carry: control characters, both line separators, right-to-left marks, emoji."""
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(
        ["", "~", "null", "Null", "yes", "on", "0x1f", "1e3", "1_000", "-", "- a", "a: b", "#", "\n", " a"]
    )
    | st.sampled_from(
        ["2026-01-01", "=", "<<", "!x", "&a", "*a", "%", "@", "`", "|", ">", "---", "...", "\ufeff", "\x85"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(TEXT, JSON, max_size=4))
@settings(max_examples=300)
@example({"spec": ["0E0", "y", "N", "0o17", "+1.", ".5", "1e3", "-0"]})
@example({"spec": {"a": 1e300, "b": -0.0, "c": 1e22, "d": 5e-324}})
@example({"metadata": {"name": "on", "1": "1"}, "spec": {"x": "\u2028\u2029\x85\ufeff\x00"}})
def test_what_is_written_is_read_as_the_same(value):
    read = yaml_io.read(yaml_io.write(value))
    assert read == value
    assert json.dumps(read, sort_keys=True) == json.dumps(value, sort_keys=True)


@given(st.text() | st.text(st.sampled_from("ab:-[]{},&*!|>'\"%#?\n\t \r~\\01.eE\x85\u2028")))
@settings(max_examples=500)
def test_any_text_is_read_or_refused_with_a_line_of_its_own(text):
    refused = None
    try:
        yaml_io.read(text)
    except YamlError as refusal:
        refused = refusal
    assert refused is None or 0 <= refused.line <= len(text.splitlines()) + text.count("\n") + 2


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(content):
    with contextlib.suppress(YamlError):
        yaml_io.read(content)


@given(st.dictionaries(TEXT, JSON, max_size=3))
def test_every_field_of_what_is_written_has_its_place(value):
    text = yaml_io.write(value)
    marked = yaml_marks.read(text)
    # Only a line feed ends a line, for YAML 1.1's other separators are written in escapes.
    lines = text.split("\n")
    for path, found in contents.walk(marked.value, ()) if value else ():
        mark = marked.marks[path]
        assert 1 <= mark.line <= len(lines)
        assert 1 <= mark.column <= len(lines[mark.line - 1]) + 1
        if (
            path
            and isinstance(path[-1], str)
            and path[-1].isalnum()
            and path[-1].isascii()
            and not path[-1].isdigit()
        ):
            assert lines[mark.line - 1][mark.column - 1 :].lstrip("'\"").startswith(path[-1])
        assert found is not yaml_marks


TEXTS = [VIRTUAL_SERVICE, GATEWAY, ROUTE]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "double", "insert"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=6,
)


def mutated(content, edits):
    """Bytes as a cosmic ray, a bad paste or a hostile hand may leave them."""
    for kind, where, extra in edits:
        at = int(where * max(len(content) - 1, 0))
        if kind == "flip":
            content = content[:at] + bytes([extra[0]]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at] + content[at + len(extra) :]
        elif kind == "double":
            content = content[: at + 20] + content[at:]
        else:
            content = content[:at] + extra + content[at:]
    return content


@given(st.sampled_from(TEXTS), EDITS)
@settings(max_examples=400)
def test_a_spoilt_resource_is_checked_all_the_same_and_each_problem_has_a_place(text, edits):
    content = mutated(text.encode(), edits)
    found = validating.check(content, PERSON)
    lines = content.count(b"\n") + content.count(b"\r") + content.count(b"\x85") + content.count(b"\xa8") + 2
    for problem in map(validating.Placed.to_json, found.problems):
        assert 1 <= problem["line"] <= lines
        assert problem["column"] >= 1
        assert problem["message"].isprintable()
        assert len(problem["message"]) < 1000
    assert found.valid or found.problems


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=200)
def test_a_resource_with_one_value_replaced_by_anything_is_checked_and_nothing_is_raised(text, data):
    value = yaml_io.read(text)
    paths = [path for path, _ in contents.walk(value, ()) if path]
    path = data.draw(st.sampled_from(paths))
    place = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = data.draw(JSON)
    validating.check(yaml_io.write(value), PERSON)


CAPS = {
    "a long key": ("a" * 900 + ": 1\n" + "a" * 900 + ": 2", "second time"),
    "deep objects": ("\n".join(" " * n + "a:" for n in range(40)), "levels deep"),
    "deep lists": ("- " * 40 + "a", "levels deep"),
    "many values": ("\n".join(f"a{n}: 1" for n in range(10_001)), "values"),
    "an alias to itself": ("a: &a [*a]", "anchor"),
    "a merge": ("a: 1\n<<: {b: 2}", None),
    "a huge number": ("a: " + "9" * 5000, "too long"),
    "a directive": ("%YAML 3.0\n---\na: 1", "YAML"),
    "an endless quote": ('a: "' + "b" * 1000, "YAML"),
    "a byte order mark in the middle": ("a: b\ufeffc", None),
}


@pytest.mark.parametrize(("text", "said"), CAPS.values(), ids=CAPS)
def test_the_caps_hold(text, said):
    if said is None:
        assert yaml_io.read(text)
        return
    with pytest.raises(YamlError, match=said) as refusal:
        yaml_io.read(text)
    assert len(str(refusal.value)) < 400


def test_a_merge_key_is_a_key_like_any_other():
    assert yaml_io.read("a: 1\n<<: {b: 2}") == {"a": 1, "<<": {"b": 2}}
