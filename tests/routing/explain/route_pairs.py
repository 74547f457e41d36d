"""Generated HTTPRoutes of Services, and requests, for the explainer and a real Envoy to agree on."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.routing.explain.pairs import HEADERS, METHODS, example, requests, sometimes, weighted

Object = dict[str, Any]
KINDS = ["producer", "consumer", "both", "owner", "ports"]
paths = st.one_of(
    st.builds(dict, type=st.just("Exact"), value=st.sampled_from(["/", "/a", "/A", "/a/b", "/b"])),
    st.builds(dict, type=st.just("PathPrefix"), value=st.sampled_from(["/", "/a", "/a/", "/a/b", "/b"])),
    st.builds(dict, type=st.just("PathPrefix"), value=st.sampled_from(["/a", "/a/", "/a/b", "/b"])),
    st.builds(dict, type=st.just("RegularExpression"), value=st.sampled_from(["/a.*", "/[ab]", "/a/\\d+"])),
)
texts = st.one_of(
    st.builds(dict, value=st.sampled_from(["a", "ab", "jason"])),
    st.builds(dict, type=st.just("RegularExpression"), value=st.sampled_from([".*", "a.*", "a|b"])),
)
headers = st.lists(
    st.builds(lambda name, each: {"name": name, **each}, st.sampled_from(HEADERS), texts),
    min_size=1,
    max_size=2,
    unique_by=lambda each: each["name"],
)
parameters = st.lists(
    st.builds(
        lambda name, each: {"name": name, **each},
        st.sampled_from(["v", "w"]),
        st.one_of(
            st.builds(dict, value=st.sampled_from(["1", "2"])),
            st.just({"type": "RegularExpression", "value": "\\d"}),
        ),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda each: each["name"],
)
matches = st.tuples(
    sometimes(2, path=paths, headers=headers),
    sometimes(4, queryParams=parameters, method=st.sampled_from(METHODS)),
).map(lambda parts: parts[0] | parts[1])
modifiers = st.one_of(
    st.builds(lambda name: {"set": [{"name": name, "value": "set"}]}, st.sampled_from(HEADERS)),
    st.builds(lambda name: {"add": [{"name": name, "value": "more"}]}, st.sampled_from(HEADERS)),
    st.builds(lambda name: {"remove": [name]}, st.sampled_from(HEADERS)),
)
to_request = st.builds(
    lambda each: {"type": "RequestHeaderModifier", "requestHeaderModifier": each}, modifiers
)
targets = weighted(
    (6, st.builds(lambda version: {"name": version, "port": 9080}, st.sampled_from(["v1", "v2", "v3"]))),
    (1, st.just({"name": "SELF", "port": 9080, "namespace": "OWN"})),
    (1, st.just({"name": "ratings", "port": 9080})),
    (1, st.just({"name": "nobody", "port": 9080})),
    (1, st.just({"name": "v1", "port": 1})),
    (1, st.just({"name": "pool", "kind": "InferencePool", "group": "x.example", "port": 9080})),
)
backends = weighted(
    (3, st.builds(lambda each: [each], targets)),
    (1, st.just([])),
    (
        4,
        st.lists(
            st.builds(
                lambda target, weight, more: {**target, **weight, **more},
                targets,
                sometimes(2, weight=st.sampled_from([0, 0, 1, 20, 50])),
                sometimes(4, filters=st.builds(lambda each: [each], to_request)),
            ),
            min_size=2,
            max_size=3,
        ),
    ),
    (
        1,
        st.builds(
            lambda weights: [
                {"name": name, "port": 9080, "weight": weight}
                for name, weight in zip(("v1", "v2", "v3"), weights, strict=True)
            ],
            st.sampled_from([(80, 0, 20), (1, 1, 0), (10, 30, 60)]),
        ),
    ),
)
replacements = st.sampled_from(["/", "/new", "/n/"])
changed_paths = st.one_of(
    st.builds(lambda to: {"type": "ReplaceFullPath", "replaceFullPath": to}, replacements),
    st.builds(lambda to: {"type": "ReplacePrefixMatch", "replacePrefixMatch": to}, replacements),
)
rewrites = sometimes(2, path=changed_paths, hostname=st.just("rewritten.example")).filter(bool)
redirects = sometimes(
    2,
    path=changed_paths,
    hostname=st.just("other.example"),
    scheme=st.sampled_from(["http", "https"]),
    port=st.sampled_from([80, 443, 8443]),
    statusCode=st.sampled_from([301, 302]),
).filter(bool)
actions = weighted(
    (
        5,
        st.builds(
            lambda to, more, rewrite: {
                "backendRefs": to,
                "filters": [*more, *({"type": "URLRewrite", "urlRewrite": each} for each in rewrite)],
            },
            backends,
            st.lists(to_request, max_size=1),
            weighted((2, st.just([])), (1, st.builds(lambda each: [each], rewrites))),
        ),
    ),
    (
        1,
        st.builds(
            lambda each: {"filters": [{"type": "RequestRedirect", "requestRedirect": each}]}, redirects
        ),
    ),
)


def _sound(rule: Object) -> Object:
    """Only where all matches are prefixes may a prefix be replaced."""
    given = [each.get("path", {"type": "PathPrefix"})["type"] for each in rule.get("matches", [])]
    if all(each == "PathPrefix" for each in given):
        return rule
    for each in rule["filters"]:
        path = each.get("urlRewrite", each.get("requestRedirect", {})).get("path", {})
        if "replacePrefixMatch" in path:
            path |= {"type": "ReplaceFullPath", "replaceFullPath": path.pop("replacePrefixMatch")}
    return rule


rules = st.builds(
    lambda match, action: _sound({**({"matches": match} if match else {}), **action}),
    weighted((5, st.lists(matches, min_size=1, max_size=2)), (1, st.just([]))),
    actions,
)


@dataclass(frozen=True)
class Case:
    """HTTPRoutes of one Service, each a list of rules, and what is asked of it. `kind`: a service of the
    caller's namespace, one of another with routes of the caller's (`consumer`), with those of its owner as
    well (`both`) or alone (`owner`), or one whose second route is for another port. `rival`: a VirtualService
    for the same host.
    """

    kind: str
    routes: list[list[Object]]
    rival: str
    requests: list[tuple[str, str, dict[str, str]]]
    port: int


some_cases = st.builds(
    Case,
    kind=st.integers(0, 2**64).map(str),
    routes=st.lists(st.lists(rules, min_size=1, max_size=3), min_size=2, max_size=2),
    rival=st.sampled_from(["", "", "", "younger", "older"]),
    requests=st.lists(requests, min_size=6, max_size=6),
    port=st.sampled_from([8080, 9080]),
)


def drawn(count: int, number: int) -> list[Case]:
    """So many cases, always the same for a number."""
    found = (example(some_cases, number + index) for index in range(count))
    return [replace(each, kind=KINDS[index % len(KINDS)]) for index, each in enumerate(found)]
