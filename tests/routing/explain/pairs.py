"""Generated rules and requests for the explainer and a real Envoy to agree on.

The words are few, so that requests do meet conditions, or just miss them.
"""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

Object = dict[str, Any]
PATHS = [
    "/", "/a", "/a/b", "/A/b", "/a/1", "/a/12", "/b", "/b/x.y", "/a/../b", "/a/./b/..", "/%61", "/a%2Fb",
    "/a//b", "/%7Eb/%2e%2e/a", "/a\\b", "/..", "/b/..;x/a", "/a|b",
]  # fmt: skip
QUERIES = ["", "", "?v=1", "?v=2&v=1", "?v=1&v=2", "?w&v=1", "?debug", "?v=%31", "?v="]
VALUES = ["", "a", "ab", "b", "jason"]
HEADERS = ["x-user", "x-Group", "x-other"]
KINDS = ["name", "service", "ports", "gateway"]
METHODS = ["GET", "POST", "PUT"]
STATUSES = [200, 418, 429, 503]


def optional(**fields):
    return st.fixed_dictionaries({}, optional=fields)


def weighted(*choices):
    """One of several strategies, by weight. (`one_of` counts the same strategy once.)"""
    every = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.sampled_from(range(len(every))).flatmap(every.__getitem__)


def sometimes(chance, **fields):
    """Fields of which each is there in about one of `chance` cases."""
    parts = [
        weighted((chance - 1, st.just({})), (1, st.builds(lambda value, name=name: {name: value}, value)))
        for name, value in fields.items()
    ]
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


uris = st.one_of(
    st.builds(dict, exact=st.sampled_from(["/", "/a", "/A", "/a/b", "/b", "/~b", "/a/"])),
    st.builds(dict, prefix=st.sampled_from(["/", "/a", "/a/", "/A", "/b", "/a/b"])),
    st.builds(dict, regex=st.sampled_from(["/a.*", "/[ab]", "/a/\\d", "/a/[0-9]+", ".*b", "/(?i)A(/b)?"])),
)
strings = st.one_of(
    st.just({}),
    st.builds(dict, exact=st.sampled_from(["a", "ab", "jason"])),
    st.builds(dict, prefix=st.sampled_from(["a", "j"])),
    st.builds(dict, regex=st.sampled_from([".*", ".*", ".*", "a.*", "*", "a|b", "(a+)+b?"])),
)
parameters = st.dictionaries(
    st.sampled_from(["v", "w", "debug"]),
    st.one_of(
        st.just({}), st.builds(dict, exact=st.sampled_from(["1", "1", "2", ""])), st.just({"regex": "\\d"})
    ),
    min_size=1,
    max_size=2,
)
tables = st.dictionaries(st.sampled_from(HEADERS), strings, min_size=1, max_size=2)
methods = st.one_of(
    st.builds(dict, exact=st.sampled_from(METHODS)), st.just({"prefix": "P"}), st.just({"regex": "GET|PUT"})
)
matches = st.tuples(
    sometimes(2, uri=uris, headers=tables),
    sometimes(4, ignoreUriCase=st.just(True), withoutHeaders=tables, queryParams=parameters, method=methods),
    sometimes(
        10,
        scheme=st.sampled_from([{"exact": "http"}, {"exact": "https"}]),
        authority=st.sampled_from([{"prefix": "h"}, {"prefix": "s"}, {"regex": ".*:8080"}]),
        port=st.sampled_from([80, 8080, 9080]),
        sourceLabels=st.sampled_from([{"app": "productpage"}, {"app": "x"}, {"version": "v1", "app": "y"}]),
        sourceNamespace=st.sampled_from(["bookinfo", "shop"]),
        gateways=st.sampled_from([["mesh"], ["front"], ["mesh", "front"]]),
    ),
).map(lambda parts: {**parts[0], **parts[1], **parts[2]})

operations = optional(
    set=st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(["set", "s2"]), min_size=1, max_size=2),
    add=st.dictionaries(st.sampled_from(HEADERS), st.just("more"), min_size=1, max_size=1),
    remove=st.lists(st.sampled_from(HEADERS), min_size=1, max_size=1),
)
hosts = weighted(
    (1, st.builds(lambda value: {"set": {"Host": value}}, st.sampled_from(["one.example", "two.example"]))),
    (2, operations),
)
subsets = st.sampled_from(["v1", "v1", "v2", "v2", "v3", "v3", "v9", "v0", ""])
targets = weighted(
    (9, st.builds(lambda subset: {"host": "SELF", "subset": subset}, subsets)),
    (2, st.just({"host": "ratings"})),
    (1, st.just({"host": "nobody"})),
    (1, st.just({"host": "SELF", "port": {"number": 1}})),
)
routes = st.lists(
    st.builds(
        lambda target, weight, more: {"destination": target, "weight": weight, **more},
        targets,
        st.sampled_from([0, 0, 1, 20, 50, 100]),
        sometimes(4, headers=st.builds(dict, request=hosts)),
    ),
    min_size=1,
    max_size=3,
).filter(lambda found: len(found) == 1 or sum(each["weight"] for each in found))
rewrites = st.one_of(
    st.builds(dict, uri=st.sampled_from(["/", "/new", "/n/"])),
    st.builds(dict, authority=st.just("rewritten.example")),
    st.builds(dict, uri=st.just("/x"), authority=st.just("rewritten.example")),
    st.builds(
        lambda pair: {"uriRegexRewrite": {"match": pair[0], "rewrite": pair[1]}},
        st.sampled_from([("/(.*)/(.*)", "/\\2/\\1"), ("a+", "x"), ("[ab]", "-\\0-"), ("^/", "/pre/")]),
    ),
)
redirects = optional(
    uri=st.sampled_from(["/new", "/new?own=1"]),
    authority=st.sampled_from(["other.example", "other.example:81"]),
    scheme=st.sampled_from(["http", "https"]),
    redirectCode=st.sampled_from([301, 302, 303, 307, 308]),
    port=st.sampled_from([80, 443, 8443]),
).filter(bool)
responses = st.builds(
    lambda status, body: {"status": status, "body": {"string": body}},
    st.sampled_from(STATUSES),
    st.sampled_from(["hello", ""]),
)
percentages = st.sampled_from([{"value": 100}, {"value": 100}, {"value": 0}, {}])
faults = st.one_of(
    st.builds(
        lambda status, share: {"abort": {"httpStatus": status, "percentage": share}},
        st.sampled_from([500, 418, 503]),
        percentages,
    ),
    st.builds(
        lambda name, share: {"abort": {"grpcStatus": name, "percentage": share}},
        st.sampled_from(["UNAVAILABLE", "NOT_FOUND", "CANCELLED", "DATA_LOSS", "OUT_OF_RANGE"]),
        percentages,
    ),
    st.builds(lambda share: {"delay": {"fixedDelay": "1ms", "percentage": share}}, percentages),
)
actions = weighted(
    (
        7,
        st.tuples(
            st.builds(dict, route=routes),
            sometimes(3, rewrite=rewrites, headers=st.builds(dict, request=hosts)),
            sometimes(6, fault=faults),
        ).map(lambda parts: parts[0] | parts[1] | parts[2]),
    ),
    (
        1,
        st.tuples(st.builds(dict, redirect=redirects), sometimes(8, fault=faults)).map(lambda p: p[0] | p[1]),
    ),
    (1, st.builds(dict, directResponse=responses)),
)
rules = st.builds(
    lambda match, action: {**({"match": match} if match else {}), **action},
    weighted((5, st.lists(matches, min_size=1, max_size=2)), (1, st.just([]))),
    actions,
)
single = st.one_of(
    st.builds(dict, uri=uris),
    st.builds(dict, uri=uris, ignoreUriCase=st.just(True)),
    st.builds(dict, headers=tables),
    st.builds(dict, withoutHeaders=tables),
    st.builds(dict, withoutHeaders=tables),
    st.builds(dict, queryParams=parameters),
    st.builds(lambda value: {"queryParams": {"v": {"exact": value}}}, st.sampled_from(["1", "2"])),
    st.builds(dict, method=methods),
)
plain = st.builds(
    lambda subset, more: {
        "route": [{"destination": {"host": "SELF", "subset": subset}, **more[0]}],
        **more[1],
    },
    st.sampled_from(["v2", "v3"]),
    st.tuples(
        sometimes(3, headers=st.builds(dict, request=hosts)),
        sometimes(2, rewrite=rewrites, headers=st.builds(dict, request=hosts)),
    ),
)
split = st.builds(
    lambda weights: {
        "route": [
            {"destination": {"host": "SELF", "subset": subset}, "weight": weight}
            for subset, weight in zip(("v1", "v2", "v3"), weights, strict=True)
        ]
    },
    st.sampled_from([(80, 0, 20), (1, 1, 0), (10, 30, 60), (0, 99, 1)]),
)
#: One condition, and everybody else: what a single condition does is not hidden by others.
focused = st.builds(
    lambda match, action: [
        {"match": [match], **action},
        {"route": [{"destination": {"host": "SELF", "subset": "v1"}}]},
    ],
    weighted((5, single), (1, st.just({}))),
    weighted(
        (5, plain),
        (2, split),
        (1, st.builds(dict, redirect=redirects)),
        (1, st.builds(dict, directResponse=responses)),
    ),
)
requests = st.builds(
    lambda path, query, method, headers: (path + query, method, headers),
    st.sampled_from(PATHS),
    st.sampled_from(QUERIES),
    st.sampled_from(METHODS),
    st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(VALUES), max_size=2),
)


@dataclass(frozen=True)
class Case:
    """One VirtualService and what is asked of it. `kind`: a host that only the rule makes, a service of one
    port or of two, or a host at the gateway. `rival`: another VirtualService for the host. `places`: the
    namespaces that define the service's subsets, and which they define.
    """

    kind: str
    http: list[Object]
    rival: str
    places: dict[str, list[str]]
    requests: list[tuple[str, str, dict[str, str]]]
    port: int


some_cases = st.builds(
    Case,
    # Hypothesis does not repeat the first choice of an earlier example: it is one of many, and means nothing.
    kind=st.integers(0, 2**64).map(str),
    http=weighted((1, st.lists(rules, min_size=1, max_size=4)), (1, focused)),
    rival=st.sampled_from(
        [*[""] * 9, "younger", "older", "older", "older", "hidden", "elsewhere", "wildcard", "gateway"]
    ),
    places=weighted(
        (2, st.just({"bookinfo": ["v0", "v1", "v2", "v3"]})),
        (
            1,
            st.dictionaries(
                st.sampled_from(["bookinfo", "istio-system", "shop"]),
                st.lists(st.sampled_from(["v0", "v1", "v2", "v3"]), unique=True, min_size=1),
                max_size=3,
            ),
        ),
        (1, st.just({"bookinfo": ["v0", "v1", "v2"], "istio-system": ["v1", "v3"]})),
    ),
    requests=st.lists(requests, min_size=7, max_size=7),
    port=st.sampled_from([8080, 9080]),
)


def drawn(count: int, number: int) -> list[Case]:
    """So many cases, always the same for a number."""
    found = (example(some_cases, number + index) for index in range(count))
    return [replace(each, kind=KINDS[index % len(KINDS)]) for index, each in enumerate(found)]


def example(of, number: int):
    """One example of a strategy, always the same for a number."""
    # The first example of a run is the simplest there is, and those after the second are variations of it.
    found = []

    @seed(number)
    @settings(max_examples=2, database=None, phases=[Phase.generate], deadline=None)
    @given(of)
    def draw(case):
        found.append(case)

    draw()
    return found[-1]
