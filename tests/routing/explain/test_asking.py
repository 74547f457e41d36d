"""Questions as people write them, and what is said of those that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import explain
from routing.explain import asking
from routing.rules import RulesError


def read(**given):
    return asking.read({name: value if isinstance(value, list) else [value] for name, value in given.items()})


def test_a_question_is_read_with_its_caller():
    request, caller = read(
        host="Reviews",
        namespace="bookinfo",
        port="9080",
        path="/a?b=c",
        method="POST",
        header=["End-User:  jason", "x-empty:"],
        caller_namespace="shop",
        caller_labels=["app=cart,version=v1", "tier="],
    )
    headers = (("End-User", "jason"), ("x-empty", ""))
    assert request == explain.Request("reviews", "bookinfo", 9080, "/a?b=c", "POST", headers=headers)
    assert caller == explain.Caller("shop", {"app": "cart", "version": "v1", "tier": ""})


def test_the_caller_runs_where_the_host_is_unless_told():
    assert read(host="reviews", namespace="bookinfo")[1] == explain.Caller("bookinfo")
    through = read(host="a.example", gateway="istio-system/front")
    assert through[1] == explain.Caller("", {}, "istio-system/front")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("host", "", "Which host?"),
        ("host", "a b", '"a b" cannot be the name of a host.'),
        ("host", "*.example", "cannot be the name of a host"),
        ("host", "a..b", "cannot be the name of a host"),
        ("host", "a" * 300, "cannot be the name of a host"),
        ("host", "reviews:9080", 'Give the port 9080 as the port, and the host as "reviews".'),
        ("namespace", "Book Info", "cannot be the name of a namespace"),
        ("namespace", "", "Which namespace?"),
        ("port", "0", "is not a port"),
        ("port", "65536", "is not a port"),
        ("port", "8e3", "is not a port"),
        ("port", "٣", "is not a port"),
        ("path", "reviews", "A path begins with a slash"),
        ("path", "/a b", "must be written as %XX"),
        ("path", "/ä", "must be written as %XX"),
        ("path", "/a#b", "must be written as %XX"),
        ("path", "/a%00", "refused by Envoy"),
        ("path", "/" + "a" * 9000, "longer than 8192"),
        ("method", "GE T", "is not a method"),
        ("scheme", "ftp", "is not a scheme"),
        ("header", "end-user", "write name: value"),
        ("header", "a b: c", "write name: value"),
        ("header", ": path", "write name: value"),
        ("header", "x: a\rb", "holds a control character"),
        ("header", "x: a\nb", "holds a control character"),
        ("header", "Host: other", "is what the host says"),
        ("header", "x: " + "a" * 9000, "longer than 8192"),
        ("caller_namespace", "..", "cannot be the name of a namespace"),
        ("caller_labels", "app", "is not a label, such as app=productpage"),
        ("caller_labels", "app=a b", "is not a label"),
        ("gateway", "front", "write namespace/name"),
        ("gateway", "a/b/c", "write namespace/name"),
        ("sni", "a b", "cannot be the name of a server"),
        ("address", "10.0.0", "is not an IP address"),
        ("colour", "red", 'There is no field "colour".'),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field, value, words):
    good = {"host": "reviews", "namespace": "bookinfo"}
    with pytest.raises(RulesError) as caught:
        read(**{**good, field: value})
    (error,) = caught.value.errors
    assert error.field == field
    assert words in error.message


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(RulesError) as caught:
        read(host="a b", namespace="bookinfo", port="x", header=["y"] * 60)
    assert [error.field for error in caught.value.errors] == ["host", "port", "header"]


def test_a_field_that_counts_once_may_stand_once():
    with pytest.raises(RulesError, match="more than once"):
        read(host=["reviews", "ratings"], namespace="bookinfo")


def readable(given):
    """The request, or None where it is refused in words."""
    try:
        return asking.read(given)[0]
    except RulesError as error:
        return None if all(each.message for each in error.errors) else error


@given(st.dictionaries(st.sampled_from(asking.FIELDS), st.lists(st.text(max_size=30), max_size=3)))
def test_any_text_is_read_or_refused_in_words(given):
    request = readable(given)
    if request is not None:
        assert request.path.startswith("/")
        assert all("\n" not in value for _, value in request.headers)
