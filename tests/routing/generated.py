"""VirtualServices and rules as hypothesis draws them, with fields that meshui has never heard of."""

import copy

from hypothesis import strategies as st

from cluster import inventory
from routing.rules import Abort, Delay, Fault, HeaderMatch, Match, Split, StringMatch
from tests.routing.stage import destination_rule, service, virtual_service

VERSIONS = ("v1", "v2", "v3")
SERVICE = inventory.Service(
    namespace="bookinfo",
    name="reviews",
    app="reviews",
    ports=(),
    versions=tuple(
        inventory.Version(name, "version", 1, 1, 1, {"app": "reviews", "version": name}) for name in VERSIONS
    ),
    pods_without_version=0,
)
SUBSETS_RULE = destination_rule("reviews", VERSIONS)
SERVICE_MANIFEST = service("reviews")

values = st.sampled_from(["10s", {"attempts": 3}, [{"a": 1}], True, 0])
unknown = st.fixed_dictionaries(
    {}, optional={"xFuture": values, "corsPolicy": values, "retries": values, "timeout": values}
)
asked = st.sampled_from([{"exact": "jason"}, {"exact": "true"}, {"prefix": "ja"}, {"regex": "j.*n"}, {}])
headers = st.fixed_dictionaries({"end-user": asked}) | st.fixed_dictionaries(
    {"x-canary": asked}, optional={"cookie": asked, "End-User": asked}
)
matches = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "uri": st.sampled_from([{"exact": "/a"}, {"prefix": "/"}, {"prefix": "/b"}]),
            "headers": headers,
            "withoutHeaders": headers,
            "sourceLabels": st.just({"app": "productpage"}),
            "port": st.just(9080),
        },
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def destinations(draw):
    subset = draw(st.sampled_from([*VERSIONS, "", "strange"]))
    host = draw(st.sampled_from(["reviews", "reviews.bookinfo.svc.cluster.local"]))
    destination = {"host": host, **({"subset": subset} if subset else {})}
    if draw(st.booleans()):
        destination["port"] = {"number": 9080}
    return {"destination": destination, **draw(unknown)}


@st.composite
def routes(draw):
    found = draw(st.lists(destinations(), min_size=1, max_size=4))
    if len(found) > 1:
        cuts = sorted(draw(st.integers(0, 100)) for _ in found[1:])
        for item, low, high in zip(found, [0, *cuts], [*cuts, 100], strict=True):
            item["weight"] = high - low
    return found


foreign_faults = st.sampled_from(
    [
        {"delay": {"percentage": {"value": 7.5}, "fixedDelay": "3s"}},
        {"abort": {"percentage": {"value": 1}, "grpcStatus": "UNAVAILABLE"}},
    ]
)


@st.composite
def http_rules(draw, *, faults):
    rule = {**draw(unknown)}
    if draw(st.booleans()):
        rule["name"] = draw(st.sampled_from(["a", "b", "primary"]))
    if draw(st.integers(0, 4)) == 0:
        rule["redirect"] = {"uri": "/elsewhere"}
    else:
        rule["route"] = draw(routes())
        if faults and draw(st.integers(0, 3)) == 0:
            rule["fault"] = draw(foreign_faults)
    return rule


@st.composite
def virtual_services(draw, *, faults=True):
    """A VirtualService of reviews: some rules with matches, then a default route, then maybe more."""
    chosen = draw(st.lists(matches, max_size=3))
    rules = [{"match": matching, **draw(http_rules(faults=faults))} for matching in chosen]
    rules.append({**draw(http_rules(faults=faults))})
    manifest = virtual_service("reviews", copy.deepcopy(rules))
    manifest["spec"].update(draw(unknown))
    manifest["metadata"]["labels"] = {"team": "books"}
    if draw(st.booleans()):
        manifest["metadata"]["annotations"] = {"owner": "books"}
    return manifest


@st.composite
def splits(draw):
    chosen = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, unique=True))
    cuts = sorted(draw(st.integers(0, 100)) for _ in chosen[1:])
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    return Split("bookinfo", "reviews", dict(zip(chosen, weights, strict=True)))


FULL_MATCHES = (
    Match(uri=StringMatch("prefix", "/a")),
    Match(method=StringMatch("exact", "GET"), headers={"end-user": StringMatch("prefix", "ja")}),
    Match(without_headers={"cookie": StringMatch("present")}, query_params={"q": StringMatch("regex", "x+")}),
    Match(source_labels={"app": "productpage"}, port=9080, gateways=("mesh",)),
)
percentages = st.sampled_from([0.0001, 0.5, 10.0, 50.0, 99.9, 100.0])


@st.composite
def faults(draw):
    delay = draw(st.none() | st.builds(Delay, percentages, st.sampled_from(["2s", "500ms", "1ms"])))
    grpc = st.builds(Abort, percentages, st.none(), st.sampled_from(["UNAVAILABLE", "INTERNAL"]))
    abort = draw(st.builds(Abort, percentages, st.integers(200, 599)) | grpc)
    match = draw(
        st.none()
        | st.sampled_from(FULL_MATCHES)
        | st.builds(
            HeaderMatch, st.sampled_from(["end-user", "x-canary", "x-new"]), st.sampled_from(["jason", "t"])
        )
    )
    return Fault("bookinfo", "reviews", delay, abort if delay is None or draw(st.booleans()) else None, match)
