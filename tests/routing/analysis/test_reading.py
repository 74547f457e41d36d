"""Files: many documents with their lines, lists, and everything that is refused."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from routing import yaml_io
from routing.analysis import reading
from routing.analysis.objects import path_text
from routing.yaml_files import MAX_FILE_BYTES, read_documents
from routing.yaml_io import YamlError
from tests.routing.analysis.build import deployment, pod

REFUSED = {
    "an alias": ("a: 1\n---\na: &x 1\nb: *x", 3, "anchor"),
    "a lone alias": ("a: *x", 1, "alias"),
    "a tag": ("a: 1\nb: !!python/object:os.system x", 2, "tag"),
    "a duplicate key": ("a: 1\nb: 2\na: 3", 3, "second time"),
    "65 levels": ("[" * 65 + "]" * 65, 1, "64 levels deep"),
    "too many values": ("[" + "1," * 500_001 + "]", 1, "500000 values"),
    "a key that is a list": ("? [a]\n: 1", 1, "plain text"),
    "half a list": ("a: 1\n---\na: [1", 3, "not YAML"),
    "a number of 5,000 digits": ("b:\na: " + "1" * 5_000, 2, "too long"),
    "bytes that are no text": (b"a: 1\nb: caf\xe9", 2, "not UTF-8"),
    "a control character": ("a: \u00e9\nb: \x01", 2, "does not allow"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_dangerous_or_ambiguous_is_refused_on_its_line(text, line, message):
    with pytest.raises(YamlError, match=message) as refusal:
        list(read_documents(text))
    assert refusal.value.line in (line, line + 1)


def test_more_than_8_mib_are_refused():
    with pytest.raises(YamlError, match="larger than 8 MiB"):
        list(read_documents("a" * (MAX_FILE_BYTES + 1)))


def test_every_field_knows_its_line():
    text = "# nothing\n---\na:\n  b:\n  - 1\n  - c: 2\n    d: x\n---\n---\n{e: 3,\n f: [4,\n  5]}\n"
    first, second = read_documents(text)
    assert first.value == {"a": {"b": [1, {"c": 2, "d": "x"}]}}
    assert [first.line(path) for path in [(), ("a",), ("a", "b", 0), ("a", "b", 1), ("a", "b", 1, "d")]] == [
        3, 3, 5, 6, 7,
    ]  # fmt: skip
    assert [second.line(path) for path in [(), ("e",), ("f",), ("f", 1)]] == [10, 10, 11, 12]


def test_a_field_that_is_not_there_stands_where_its_nearest_parent_does():
    (document,) = read_documents("a:\n  b:\n    c: 1")
    assert document.line(("a", "b", "x", 3)) == 2
    assert document.line(("a", "b", "c", "d")) == 3
    assert document.line(("x",)) == 1


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**12), 10**12),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["C"]), max_size=12),
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc:- #", max_size=4), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(st.lists(json_values.filter(lambda value: value is not None), max_size=3))
def test_documents_are_read_as_one_document_is(values):
    text = yaml.safe_dump_all(values, explicit_start=True, allow_unicode=True)
    parts = [yaml.safe_dump(value, allow_unicode=True) for value in values]
    assert [one.value for one in read_documents(text)] == [yaml_io.read(part) for part in parts]


@given(json_values.filter(lambda value: value is not None))
def test_json_is_yaml(value):
    (document,) = read_documents(json.dumps(value, ensure_ascii=False))
    assert document.value == value


def read(text, namespace="default"):
    return list(reading.objects_of("f.yaml", text, namespace))


def test_a_list_is_its_items_each_at_its_own_line():
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n"
        "- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: b\n"
    )
    service, namespace = read(text)
    assert [str(service.key), str(namespace.key)] == ["Service default/a", "Namespace b"]
    assert [service.origin.line(("metadata", "name")), namespace.origin.line(())] == [7, 8]


def test_the_lists_of_the_api_say_the_kind_of_their_items_once():
    (service,) = read('{"apiVersion": "v1", "kind": "ServiceList", "items": [{"metadata": {"name": "a"}}]}')
    assert str(service.key) == "Service default/a"


def test_an_object_without_a_namespace_is_where_the_caller_says():
    assert [str(obj.key) for obj in read("kind: Service\nmetadata: {name: a}", "shop")] == ["Service shop/a"]


@pytest.mark.parametrize(
    "text", ["a: 1", "- 1", "text", "kind: Service", "kind: List\nitems: [1]", "kind: List\nitems: {a: 1}"]
)
def test_what_is_no_object_is_refused(text):
    with pytest.raises(YamlError):
        read(text)


def test_a_list_may_be_empty():
    assert read("kind: List") == read("kind: List\nitems:") == read("kind: ServiceList\nitems: []") == []


def test_a_name_that_kubernetes_would_not_take_is_refused_at_its_line():
    assert len(read("kind: Service\nmetadata:\n  name: " + "a" * 253)) == 1
    with pytest.raises(YamlError, match="Line 3: A name has at most 253 characters"):
        read("kind: Service\nmetadata:\n  name: " + "a" * 254)


def test_definitions_with_the_schema_of_a_pod_are_not_too_deep():
    deep = "{a: " * 60 + "1" + "}" * 60
    assert len(read(f"kind: CustomResourceDefinition\nmetadata: {{name: a}}\nspec: {deep}")) == 1


def test_a_workload_whose_pods_are_not_there_gets_one():
    (assumed,) = reading.pods_to_come([deployment()])
    assert assumed.labels == {"app": "reviews"}
    assert not assumed.given
    assert list(reading.pods_to_come([deployment(), pod()])) == []
    assert list(reading.pods_to_come([deployment(replicas=0)])) == []


def test_paths_are_written_as_kubernetes_writes_them():
    assert path_text(("spec", "http", 0, "match")) == "spec.http[0].match"
    assert path_text(("metadata", "annotations", "a.b/c")) == "metadata.annotations[a.b/c]"
