"""What real Envoys do with the rules: who is reached, and how."""

from math import sqrt

import pytest

from localmesh.apiserver import kinds
from tests.localmesh.controlplane.bed import eventually
from tests.localmesh.xds.objects import destination_rule, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

SUBSETS = destination_rule("reviews", "v1", "v2", "v3")
ALL = {"reviews-v1", "reviews-v2", "reviews-v3"}


async def test_without_a_rule_every_version_gets_requests(bed):
    await bed.apply()
    assert set(await bed.callers(60)) == ALL


async def test_a_split_is_kept_within_chance(bed):
    await bed.apply(
        SUBSETS, virtual_service({"route": [to(subset="v1", weight=80), to(subset="v3", weight=20)]})
    )
    found = await bed.callers(600)
    assert found.keys() == {"reviews-v1", "reviews-v3"}
    # Five standard deviations of a binomial share: wrong once in two million runs.
    assert abs(found["reviews-v3"] / 600 - 0.2) < 5 * sqrt(0.2 * 0.8 / 600)


async def test_relative_weights_need_no_sum_of_100(bed):
    await bed.apply(
        SUBSETS, virtual_service({"route": [to(subset="v1", weight=1), to(subset="v2", weight=1)]})
    )
    found = await bed.callers(400)
    assert abs(found["reviews-v1"] / 400 - 0.5) < 5 * sqrt(0.25 / 400)


async def test_a_header_sends_one_user_to_another_version(bed):
    jason = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": [to(subset="v2")]}
    await bed.apply(SUBSETS, virtual_service(jason, {"route": [to(subset="v1")]}))
    assert await bed.callers(10, headers={"end-user": "jason"}) == {"reviews-v2": 10}
    assert await bed.callers(10, headers={"end-user": "jasonia"}) == {"reviews-v1": 10}
    assert await bed.callers(10) == {"reviews-v1": 10}


@pytest.mark.parametrize(
    ("match", "hits", "misses"),
    [
        ({"uri": {"exact": "/a"}}, ["/a", "/a?b=c"], ["/a/", "/ab", "/A"]),
        ({"uri": {"prefix": "/a"}}, ["/a", "/ab", "/a/b"], ["/b/a", "/A"]),
        ({"uri": {"prefix": "/a"}, "ignoreUriCase": True}, ["/a", "/AB"], ["/b"]),
        ({"uri": {"regex": "/a/\\d+"}}, ["/a/1", "/a/23?x"], ["/a/", "/a/1/b", "/x/a/1"]),
        ({"queryParams": {"v": {"exact": "2"}}}, ["/?v=2", "/x?a=1&v=2"], ["/", "/?v=3"]),
        ({"queryParams": {"debug": {}}}, ["/?debug", "/?debug=1"], ["/"]),
    ],
)
async def test_a_match_on_the_address(bed, match, hits, misses):
    await bed.apply(
        SUBSETS, virtual_service({"match": [match], "route": [to(subset="v2")]}, {"route": [to(subset="v1")]})
    )
    assert {path: (await bed.call(path)).who for path in hits} == dict.fromkeys(hits, "reviews-v2")
    assert {path: (await bed.call(path)).who for path in misses} == dict.fromkeys(misses, "reviews-v1")


@pytest.mark.parametrize(
    ("match", "hit", "miss"),
    [
        ({"headers": {"x": {"prefix": "b"}}}, {"headers": {"x": "beta"}}, {"headers": {"x": "abeta"}}),
        ({"headers": {"x": {"regex": "b.*a"}}}, {"headers": {"x": "beta"}}, {"headers": {"x": "beta!"}}),
        ({"headers": {"x": {}}}, {"headers": {"x": "any"}}, {}),
        ({"withoutHeaders": {"x": {}}}, {}, {"headers": {"x": "any"}}),
        ({"withoutHeaders": {"x": {"exact": "a"}}}, {}, {"headers": {"x": "a"}}),
        ({"withoutHeaders": {"x": {"exact": "a"}}}, {"headers": {"x": "b"}}, {"headers": {"x": "a"}}),
        ({"method": {"exact": "PUT"}}, {"method": "PUT"}, {"method": "POST"}),
        (
            {"authority": {"prefix": "reviews.book"}},
            {"host": "reviews.bookinfo:9080"},
            {"host": "reviews:9080"},
        ),
        ({"sourceLabels": {"app": "productpage"}}, {}, None),
        ({"scheme": {"exact": "http"}}, {}, None),
    ],
)
async def test_a_match_on_the_request(bed, match, hit, miss):
    await bed.apply(
        SUBSETS, virtual_service({"match": [match], "route": [to(subset="v2")]}, {"route": [to(subset="v1")]})
    )
    assert (await bed.call(**hit)).who == "reviews-v2"
    if miss is not None:
        assert (await bed.call(**miss)).who == "reviews-v1"


async def test_a_request_that_no_route_matches_is_404(bed):
    await bed.apply(virtual_service({"match": [{"uri": {"exact": "/only"}}], "route": [to()]}))
    assert (await bed.call("/other")).status == 404


async def test_a_missing_subset_is_503_as_in_istio_and_so_is_an_empty_one(bed):
    await bed.apply(virtual_service({"route": [to(subset="v9")]}))
    assert (await bed.call()).status == 503
    await bed.apply(destination_rule("reviews", "v9"), virtual_service({"route": [to(subset="v9")]}))
    assert (await bed.call()).status == 503


async def test_an_unknown_host_is_told_by_name(bed):
    await bed.apply()
    answer = await bed.call(host="nobody:1234")
    assert (answer.status, answer.body) == (502, b"nobody:1234 is not a host that this mesh knows\n")


@pytest.mark.parametrize(
    "host", ["ratings", "ratings:9080", "ratings.bookinfo", "ratings.bookinfo.svc.cluster.local:9080"]
)
async def test_a_service_is_reached_by_each_of_its_names(bed, host):
    await bed.apply()
    assert (await bed.call(host=host)).who == "ratings-v1"


async def test_a_request_that_takes_too_long_is_504(bed):
    await bed.apply(virtual_service({"route": [to()], "timeout": "100ms", "retries": {"attempts": 0}}))
    for backend in bed.backends.values():
        backend.delay = 2.0
    answer = await bed.call()
    assert answer.status == 504
    assert 0.09 < answer.seconds < 1.9


async def test_a_failing_request_is_tried_again_so_many_times(bed):
    retries = {"attempts": 3, "retryOn": "5xx", "backoff": "1ms"}
    await bed.apply(SUBSETS, virtual_service({"route": [to(subset="v1")], "retries": retries}))
    bed.backends["reviews-v1"].statuses = [500, 500, 500]
    assert (await bed.call()).status == 200
    assert len(bed.backends["reviews-v1"].requests) == 4
    bed.backends["reviews-v1"].statuses = [500] * 5
    assert (await bed.call()).status == 500
    assert len(bed.backends["reviews-v1"].requests) == 8


async def test_without_retries_a_request_is_made_once(bed):
    await bed.apply(SUBSETS, virtual_service({"route": [to(subset="v1")], "retries": {"attempts": 0}}))
    bed.backends["reviews-v1"].statuses = [503]
    assert (await bed.call()).status == 503
    assert len(bed.backends["reviews-v1"].requests) == 1


async def test_an_applications_own_503_is_not_tried_again_by_default(bed):
    await bed.apply(SUBSETS, virtual_service({"route": [to(subset="v1")]}))
    bed.backends["reviews-v1"].statuses = [503]
    assert (await bed.call()).status == 503
    assert len(bed.backends["reviews-v1"].requests) == 1


async def test_a_mirror_gets_a_copy_and_its_answer_is_ignored(bed):
    mirrored = {"route": [to(subset="v1")], "mirror": {"host": "reviews", "subset": "v2"}}
    await bed.apply(SUBSETS, virtual_service(mirrored))
    bed.backends["reviews-v2"].statuses = [500] * 5
    assert await bed.callers(5) == {"reviews-v1": 5}

    async def copied():
        return len(bed.backends["reviews-v2"].requests) == 5

    await eventually(copied)


async def test_a_mirror_of_zero_percent_gets_nothing(bed):
    mirror = {"mirror": {"host": "reviews", "subset": "v2"}, "mirrorPercentage": {"value": 0}}
    await bed.apply(SUBSETS, virtual_service({"route": [to(subset="v1")], **mirror}))
    await bed.callers(5)
    assert bed.backends["reviews-v2"].requests == []


@pytest.mark.parametrize(
    ("match", "rewrite", "asked", "got"),
    [
        ({"uri": {"prefix": "/old/"}}, {"uri": "/new/"}, "/old/a?b=c", "/new/a"),
        ({"uri": {"exact": "/old"}}, {"uri": "/new"}, "/old", "/new"),
        ({}, {"uriRegexRewrite": {"match": "^/(\\w+)/(\\w+)$", "rewrite": "/\\2/\\1"}}, "/a/b", "/b/a"),
    ],
)
async def test_a_path_is_rewritten(bed, match, rewrite, asked, got):
    await bed.apply(virtual_service({"match": [match], "route": [to()], "rewrite": rewrite}))
    assert (await bed.call(asked)).json["path"] == got


async def test_the_authority_is_rewritten(bed):
    await bed.apply(virtual_service({"route": [to()], "rewrite": {"authority": "other.example"}}))
    assert (await bed.call()).json["host"] == "other.example"


async def test_a_redirect_says_where_to(bed):
    redirect = {"uri": "/new", "authority": "other.example", "redirectCode": 302}
    await bed.apply(
        virtual_service({"match": [{"uri": {"prefix": "/old"}}], "redirect": redirect}, {"route": [to()]})
    )
    answer = await bed.call("/old/a")
    assert (answer.status, answer.headers["location"]) == (302, "http://other.example/new")


async def test_a_direct_response_needs_no_service(bed):
    await bed.apply(virtual_service({"directResponse": {"status": 503, "body": {"string": "closed"}}}))
    answer = await bed.call()
    assert (answer.status, answer.body) == (503, b"closed")


async def test_headers_are_changed_on_the_way(bed):
    operations = {
        "request": {"set": {"x-set": "1"}, "remove": ["x-gone"]},
        "response": {"add": {"x-back": "2"}},
    }
    theirs = {**to(subset="v1"), "headers": {"request": {"add": {"x-subset": "v1"}}}}
    await bed.apply(SUBSETS, virtual_service({"route": [theirs], "headers": operations}))
    answer = await bed.call(headers={"x-set": "0", "x-gone": "0"})
    (seen,) = bed.backends["reviews-v1"].requests
    assert (seen.headers["x-set"], seen.headers["x-subset"]) == ("1", "v1")
    assert "x-gone" not in seen.headers
    assert answer.headers["x-back"] == "2"


async def test_a_consistent_hash_keeps_a_user_with_one_pod(bed):
    hashed = {"loadBalancer": {"consistentHash": {"httpHeaderName": "user"}}}
    await bed.apply(destination_rule("reviews", trafficPolicy=hashed))
    places = [await bed.callers(4, headers={"user": f"user-{number}"}) for number in range(12)]
    assert all(len(place) == 1 for place in places)
    assert {who for place in places for who in place} == ALL


async def test_pods_that_come_and_go_are_followed(bed):
    await bed.apply()
    (held,) = [
        each
        for each in bed.store.list(kinds.ENDPOINT_SLICES)
        if each["metadata"]["name"].startswith("reviews")
    ]
    one = {**held, "endpoints": held["endpoints"][:1]}
    bed.store.update(kinds.ENDPOINT_SLICES, {**one, "metadata": {**one["metadata"], "resourceVersion": None}})
    try:
        bed.settle()
        await bed.configured(at_least=3)
        assert await bed.callers(20) == {"reviews-v1": 20}
    finally:
        bed.store.update(
            kinds.ENDPOINT_SLICES, {**held, "metadata": {**held["metadata"], "resourceVersion": None}}
        )
    bed.settle()
    await bed.configured(at_least=3)
    assert set(await bed.callers(60)) == ALL


async def test_a_change_in_the_store_reaches_the_traffic_by_itself(bed):
    await bed.apply(SUBSETS, virtual_service({"route": [to(subset="v1")]}))
    rule = virtual_service({"route": [to(subset="v3")]})
    bed.store.update(kinds.VIRTUAL_SERVICES, rule)

    async def moved():
        return (await bed.call()).who == "reviews-v3"

    await eventually(moved)
