"""What is shown of a path, an agent and a host: no value of a query, whatever it looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.tap import masking

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/reviews/0", "/reviews/0"),
        ("/", "/"),
        ("", ""),
        ("*", "*"),
        ("/a?token=s3cr3t", "/a?token=***"),
        ("/a?token=s3cr3t&page=2", "/a?token=***&page=***"),
        ("/a?s3cr3t", "/a?***"),
        ("/a?a=1;b=s3cr3t", "/a?a=***&b=***"),
        ("/a?token=", "/a?token=***"),
        ("/a#access_token=s3cr3t", "/a?access_token=***"),
        ("/a%3Ftoken%3Ds3cr3t", "/a=***"),
        ("/token=s3cr3t/x", "/token=***/x"),
        ("/a;jsessionid=s3cr3t", "/a;jsessionid=***"),
        ("http://jane:s3cr3t@shop/a?b=1", "/a?b=***"),
        (
            "/users/2b1f0c9e-4f0e-4b83-9d12-0d3c2f7a9b11",
            "/users/2b1f0c9e-4f0e-4b83-9d12-0d3c2f7a9b11",
        ),
        ("/reset/" + "eyJhbGciOiJIUzI1NiJ9" * 3, "/reset/eyJhbGci…"),
        ("/a\x00\n\u202eb", "/a···b"),
    ],
)
def test_a_path_is_shown_without_its_values(path, shown):
    assert masking.path(path) == shown


def test_a_long_path_is_cut():
    assert len(masking.path("/abc" * 500)) == masking.MAX_PATH
    assert len(masking.path("/a?" + "a=1&" * 500)) <= masking.MAX_PATH


names = st.text(st.characters(exclude_characters="3"), max_size=60)


@given(names, st.lists(st.tuples(names, st.sampled_from("&;"), st.booleans()), min_size=1, max_size=30))
def test_no_value_of_a_query_is_ever_shown(place, parameters):
    query = "".join(f"{sign}{name}{'=' if named else ''}{SECRET}" for name, sign, named in parameters)
    assert SECRET not in masking.path(f"/{place}?{query}")


@given(st.text(max_size=500))
def test_whatever_the_path_it_is_short_printable_and_masking_it_again_shows_no_more(text):
    shown = masking.path(text)
    assert len(shown) <= masking.MAX_PATH
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("curl/8.1", "curl"),
        ("Mozilla/5.0 (X11) s3cr3t", "browser"),
        ("Python/3.11 aiohttp/3.14", "Python"),
        ("Go-http-client/1.1", "Go"),
        ("kube-probe/1.30", "kube-probe"),
        ("s3cr3t", "other"),
        ("", ""),
    ],
)
def test_of_an_agent_only_its_sort_is_shown(header, shown):
    assert masking.agent(header) == shown


@pytest.mark.parametrize(
    ("authority", "shown"),
    [("reviews:9080", "reviews:9080"), ("jane:s3cr3t@shop:80", "shop:80"), ("a" * 500, "a" * 120), ("", "")],
)
def test_a_host_is_shown_without_who_signs_in_there(authority, shown):
    assert masking.host(authority) == shown
