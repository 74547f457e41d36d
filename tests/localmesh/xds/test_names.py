import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh.xds import names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("reviews", "reviews.bookinfo.svc.cluster.local"),
        ("reviews.shop.svc.cluster.local", "reviews.shop.svc.cluster.local"),
        ("reviews.shop", "reviews.shop"),
        ("example.com", "example.com"),
        ("*", "*"),
        ("*.example.com", "*.example.com"),
    ],
)
def test_only_a_name_without_a_dot_is_short(written, meant):
    assert names.resolve(written, "bookinfo") == meant


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("*", "a.b", True),
        ("*.b", "a.b", True),
        ("*.b", "b", False),
        ("*.b", "*.a.b", True),
        ("*.a.b", "*.b", False),
        ("a.b", "a.b", True),
        ("a.b", "*.b", False),
        ("a.b", "*", False),
    ],
)
def test_a_pattern_covers_what_it_stands_for(pattern, host, covered):
    assert names.covers(pattern, host) is covered


patterns = st.builds(
    lambda star, parts: ("*." if star else "") + ".".join(parts) if parts else "*",
    st.booleans(),
    st.lists(st.sampled_from("abc"), max_size=3),
)


@given(patterns, patterns, patterns)
def test_the_intersection_is_what_both_cover(one, other, host):
    common = names.intersection(one, other)
    both = names.covers(one, host) and names.covers(other, host)
    assert both == (common is not None and names.covers(common, host))


@given(st.lists(patterns), patterns)
def test_the_best_match_is_covered_by_every_other_match_that_is_a_wildcard(some, host):
    best = names.best_match(some, host)
    matching = [each for each in some if names.covers(each, host)]
    assert (best is None) == (not matching)
    assert all(names.covers(each, best) for each in matching)


def test_a_rule_is_exported_to_everybody_unless_it_says_otherwise():
    assert names.exported_to([], "shop") is None
    assert names.exported_to(["*"], "shop") is None
    assert names.exported_to([".", "other"], "shop") == {"shop", "other"}


@pytest.mark.parametrize("host", ["*", "a", "a.b", "*.a.b", "my_service", "reviews-v1.bookinfo"])
def test_a_name_or_a_wildcard_is_a_host(host):
    assert names.is_host(host)


@pytest.mark.parametrize("host", ["", "a b", "*a", "*.*", "a.*", "a:80", "a\nb", ".a", "a..b", "ä"])
def test_anything_else_is_none(host):
    assert not names.is_host(host)
