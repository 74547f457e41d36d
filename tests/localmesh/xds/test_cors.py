"""CORS: what becomes of a policy."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import mesh, routes, to, virtual_service


def policy(**spec):
    (found,) = routes({"route": [to()], "corsPolicy": spec})
    return found["typed_per_filter_config"]["envoy.filters.http.cors"]


def test_a_policy_becomes_envoys():
    made = policy(
        allowOrigins=[{"exact": "https://a.example"}, {"regex": "https://.*"}],
        allowMethods=["GET", "POST"], allowHeaders=["x-a"], exposeHeaders=["x-b", "x-c"],
        maxAge="24h", allowCredentials=True,
    )  # fmt: skip
    del made["@type"]
    assert made == {
        "allow_origin_string_match": [
            {"exact": "https://a.example"}, {"safe_regex": {"regex": "https://.*"}},
        ],
        "allow_methods": "GET,POST", "allow_headers": "x-a", "expose_headers": "x-b,x-c",
        "max_age": "86400", "allow_credentials": True, "forward_not_matching_preflights": True,
    }  # fmt: skip


def test_the_older_list_of_origins_is_exact_and_comes_second():
    assert policy(allowOrigin=["*"])["allow_origin_string_match"] == [{"exact": "*"}]
    both = policy(allowOrigin=["a"], allowOrigins=[{"exact": "b"}])
    assert both["allow_origin_string_match"] == [{"exact": "b"}]


def test_other_preflights_can_be_kept_from_the_application():
    assert policy(unmatchedPreflights="IGNORE")["forward_not_matching_preflights"] is False
    assert policy(unmatchedPreflights="FORWARD")["forward_not_matching_preflights"] is True


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"allowOrigins": [{"regex": "(("}]}, "allowOrigins[0].regex"),
        ({"allowOrigins": [{}]}, "allowOrigins[0]"),
        ({"allowMethods": ["GET\n"]}, "allowMethods"),
        ({"maxAge": "long"}, "maxAge"),
    ],
)
def test_what_cannot_be_used_is_named(spec, path):
    rule = virtual_service({"route": [to()], "corsPolicy": spec})
    assert [each.path for each in xds.report(mesh(rule), rule)] == [f"spec.http[0].corsPolicy.{path}"]
