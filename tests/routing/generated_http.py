"""HTTP rules as hypothesis draws them, all of which can be read."""

from contextlib import suppress

from hypothesis import strategies as st

from routing import istio
from routing.istio import CannotApply
from routing.istio.http import fields
from routing.istio.http.routes import set_route
from routing.rules import (
    Abort,
    Delay,
    Destination,
    DirectResponse,
    HttpPolicy,
    Match,
    Policies,
    Position,
    Redirect,
    Route,
    StringMatch,
)
from routing.rules.http.headers import HeaderOperations, Headers
from routing.rules.http.policies import Cors, Injection, Mirror, RegexRewrite, Retries, Rewrite
from tests.routing.generated import SERVICE, SUBSETS_RULE, VERSIONS, http_rules
from tests.routing.stage import virtual_service

NAMES = ("jason", "canary 2", "a")
maybe = st.none().__or__
paths = st.sampled_from(["/", "/a", "/a/b", "/productpage"])
words = st.sampled_from(["jason", "a b", "é", "x" * 1024, "100 %"])
durations = st.sampled_from(["1ms", "500ms", "2s", "90s"])
percentages = st.sampled_from([0.0001, 0.5, 50.0, 100.0])
regexes = st.sampled_from([".*", "(?i)ja.*n", r"^/api/v\d+$"])
names = st.sampled_from(["end-user", "x-canary", "cookie"])


def strings(exact=words):
    return (
        st.builds(StringMatch, st.just("exact"), exact)
        | st.builds(StringMatch, st.just("prefix"), exact)
        | st.builds(StringMatch, st.just("regex"), regexes)
    )


def maps(values, keys=names):
    return st.dictionaries(keys, values, max_size=2)


conditions = maps(strings() | st.just(StringMatch("present")))


def tidy(match):
    """Without a flag that asks for a path."""
    plain = match.uri is None or match.uri.how == "regex"
    return Match(**{**fields_of(match), "ignore_uri_case": False}) if plain else match


def fields_of(item):
    return {name: getattr(item, name) for name in item.__slots__}


matches = (
    st.builds(
        Match,
        uri=maybe(strings(paths)),
        method=maybe(st.builds(StringMatch, st.just("exact"), st.sampled_from(["GET", "POST"]))),
        scheme=maybe(st.just(StringMatch("exact", "https"))),
        authority=maybe(st.just(StringMatch("exact", "shop.example:8080"))),
        headers=conditions,
        without_headers=conditions,
        query_params=maps(strings() | st.just(StringMatch("present")), st.sampled_from(["q", "User Id"])),
        source_labels=maps(st.sampled_from(["productpage", ""]), st.sampled_from(["app", "a.io/app"])),
        source_namespace=maybe(st.just("bookinfo")),
        gateways=st.sampled_from([(), ("mesh",), ("mesh", "edge/gw")]),
        port=maybe(st.just(9080)),
        ignore_uri_case=st.booleans(),
    )
    .map(tidy)
    .filter(lambda match: match != Match())
)
values = st.sampled_from(["", "x", "%REQ(:path)%", "100 %%"])
operations = st.builds(
    HeaderOperations, maps(values), maps(values), st.sampled_from([(), ("cookie",), ("a", "b")])
).filter(lambda made: made != HeaderOperations())
headers = st.builds(Headers, maybe(operations), maybe(operations)).filter(lambda made: made != Headers())
hosts = st.sampled_from([None, "ratings.bookinfo.svc.cluster.local", "api.example.com"])


@st.composite
def places(draw):
    """Where a destination or a mirror is, without what else they have."""
    host = draw(hosts)
    by = draw(st.sampled_from(["version", "subset", "whole"]))
    place = {"host": host, "port": draw(maybe(st.just(9080)))}
    if by == "version" and host is None:
        place["version"] = draw(st.sampled_from(VERSIONS))
    if by == "subset":
        place["subset"] = draw(st.sampled_from(["canary", "stable"]))
    return place


def distinct(found):
    return st.lists(
        found, min_size=1, max_size=3, unique_by=lambda place: tuple(sorted(place.items(), key=str))
    )


@st.composite
def destinations(draw):
    found = draw(distinct(places()))
    cuts = sorted(draw(st.integers(0, 100)) for _ in found[1:])
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return tuple(
        Destination(**place, weight=weight if len(found) > 1 else None, headers=draw(maybe(headers)))
        for place, weight in zip(found, weights, strict=True)
    )


mirrors = distinct(places()).flatmap(
    lambda found: st.tuples(*(st.builds(Mirror, **{k: st.just(v) for k, v in place.items()},
                                        percentage=percentages) for place in found))
)  # fmt: skip
redirects = st.builds(
    Redirect,
    uri=maybe(paths),
    authority=maybe(st.just("new.example")),
    scheme=maybe(st.just("https")),
    port=maybe(st.just(8443)),
    redirect_code=maybe(st.sampled_from([301, 308])),
).filter(lambda made: made != Redirect())
direct_responses = st.builds(DirectResponse, st.sampled_from([200, 503]), maybe(st.just("Back at\nnine.")))
rewrites = st.builds(Rewrite, maybe(paths), st.none(), maybe(st.just("new.example"))).filter(
    lambda made: made != Rewrite()
) | st.builds(Rewrite, st.none(), st.builds(RegexRewrite, regexes, st.sampled_from(["", r"/\1"])), st.none())
cors = st.builds(
    Cors,
    allow_origins=st.lists(strings(), max_size=2, unique_by=repr).map(tuple),
    allow_methods=st.sampled_from([(), ("GET", "POST")]),
    allow_headers=st.sampled_from([(), ("X-Foo", "*")]),
    max_age=maybe(durations),
    allow_credentials=maybe(st.booleans()),
    unmatched_preflights=maybe(st.just("IGNORE")),
).filter(lambda made: made != Cors())
retries = st.just(Retries(0)) | st.builds(
    Retries,
    st.integers(1, 5),
    maybe(durations),
    st.sampled_from([(), ("5xx",), ("connect-failure", "503")]),
    maybe(durations),
    maybe(st.booleans()),
    maybe(st.booleans()),
)
injections = st.builds(
    Injection,
    maybe(st.builds(Delay, percentages, durations)),
    st.builds(Abort, percentages, st.integers(200, 599))
    | st.builds(Abort, percentages, st.none(), st.sampled_from(["UNAVAILABLE", "INTERNAL"])),
)
policies = st.builds(
    Policies, maybe(headers), maybe(rewrites), maybe(cors), st.just(()) | mirrors, maybe(durations),
    maybe(retries), maybe(injections),
)  # fmt: skip
positions = st.none() | st.sampled_from(
    [Position("first"), Position("last"), Position("before", "a"), Position("after", "a")]
)


@st.composite
def routes(draw, *, position=positions, default=True):
    """A route that is to be, with any of what can be said of it."""
    name = draw(st.sampled_from([*NAMES, ""] if default else NAMES))
    action = draw(destinations() | redirects | direct_responses)
    found = draw(policies)
    if not isinstance(action, tuple):
        found = Policies(headers=found.headers, cors=found.cors)
    asked = () if not name else tuple(draw(st.lists(matches, min_size=1, max_size=3, unique_by=repr)))
    if found.rewrite and found.rewrite.uri and any(m.uri and m.uri.how == "regex" for m in asked):
        found = Policies(timeout=found.timeout)
    return Route("bookinfo", "reviews", name, action, asked, draw(position) if name else None, found)


CHANGES = {
    "headers": maybe(headers), "rewrite": maybe(rewrites), "cors": maybe(cors), "mirrors": maybe(mirrors),
    "timeout": maybe(durations), "retries": maybe(retries),
}  # fmt: skip


@st.composite
def http_policies(draw):
    """Some policies, on any target."""
    chosen = draw(st.lists(st.sampled_from(list(CHANGES)), min_size=1, unique=True))
    changes = {name: draw(CHANGES[name]) for name in CHANGES if name in chosen}
    return HttpPolicy("bookinfo", "reviews", draw(st.sampled_from([*NAMES, "", "*"])), changes)


HOME = fields.Home("bookinfo", "reviews", istio.read_subsets(SUBSETS_RULE, SERVICE), "bookinfo")
OPEN = {  # where Istio may one day have further fields; not the maps with free keys
    "match", "route", "destination", "retries", "corsPolicy", "rewrite", "redirect", "mirrors", "fault",
    "delay", "abort", "headers", "request", "response", "percentage", "port", "body",
}  # fmt: skip


def open_objects(item, key="http"):
    """Every object of an http route in which a field that is unknown today may stand."""
    if isinstance(item, list):
        return [found for inner in item for found in open_objects(inner, key)]
    if not isinstance(item, dict) or (key == "headers" and not {"request", "response"} & set(item)):
        return []
    below = [found for name, inner in item.items() if name in OPEN for found in open_objects(inner, name)]
    return [item, *below]


@st.composite
def virtual_services(draw):
    """A VirtualService that was made of rules, with a default route, and fields that nobody knows yet."""
    manifest = virtual_service("reviews", [draw(http_rules(faults=False)) | {"name": "the rest"}])
    for rule in draw(st.lists(routes(position=st.none(), default=False), max_size=3)):
        with suppress(CannotApply):
            manifest = set_route(manifest, rule, HOME)
    objects = [found for route in manifest["spec"]["http"] for found in open_objects(route)]
    for item in draw(st.lists(st.sampled_from(objects), max_size=4)):
        item["xFuture"] = draw(st.sampled_from([1, {"a": [1]}, "x"]))
    manifest["spec"]["exportTo"] = ["*"]
    return manifest
