"""HTTP rules as requests carry them, and those that are wrong: what is asked for, the field, and a part of
what is said of it.
"""

TARGET = {"namespace": "bookinfo", "service": "reviews"}
JASON = {"headers": {"end-user": {"exact": "jason"}}}
MEGABYTE = "a" * 1_000_000


def route(**parts):
    parts = {"match": [JASON], "destinations": [{"version": "v2"}], **parts}
    asked = {"kind": "route", **TARGET, "name": "jason", **parts}
    return {key: value for key, value in asked.items() if value is not None}


def match(**parts):
    return route(match=[parts])


def goes(*destinations):
    return route(destinations=list(destinations))


def policy(**parts):
    return {"kind": "http_policy", **TARGET, "default": True, **parts}


WRONG = {
    "no target": (route(name=None), "name", "exactly one of name and default"),
    "two targets": (route(default=True), "name", "exactly one of name and default"),
    "a name of meshui's": (route(name="meshui-fault-1"), "name", "copies that faults make"),
    "a name of two lines": (route(name="a\nb"), "name", "cannot be the name of a route"),
    "a name of 1 MB": (route(name=MEGABYTE), "name", "cannot be the name of a route"),
    "a match of the default route": (route(name=None, default=True), "match", "all remaining requests"),
    "no action": (route(destinations=None), "destinations", "exactly one of destinations, redirect and"),
    "two actions": (route(redirect={"uri": "/"}), "redirect", "exactly one of"),
    "a place in words": (route(position="middle"), "position", "is no position"),
    "a place beside two": (route(position={"before": "a", "after": "b"}), "position", "is no position"),
    "an empty match": (match(), "match[0]", "This says nothing"),
    "a match twice": (route(match=[JASON, JASON]), "match[1]", "the same match as rules[0].match[0]"),
    "51 matches": (route(match=[{"port": n} for n in range(1, 52)]), "match", "51 are too many"),
    "an unknown condition": (match(host={"exact": "a"}), "match[0].host", "Unknown"),
    "two ways to compare": (match(uri={"exact": "/a", "prefix": "/"}), "match[0].uri", "exactly one of"),
    "no way to compare": (match(uri={}), "match[0].uri", "exactly one of"),
    "a path without /": (match(uri={"prefix": "a"}), "match[0].uri.prefix", "a path begins with /"),
    "a path of two lines": (match(uri={"exact": "/a\r\nb"}), "match[0].uri.exact", "without line breaks"),
    "a path of 1 MB": (match(uri={"exact": "/" + MEGABYTE}), "match[0].uri.exact", "at most 1024"),
    "a path that must be there": (match(uri={"present": True}), "match[0].uri.present", "Unknown"),
    "a regex that RE2 refuses": (
        match(uri={"regex": "(?=a)"}),
        "match[0].uri.regex",
        "no regular expression",
    ),
    "a regex of 1025": (match(uri={"regex": "a" * 1025}), "match[0].uri.regex", "at most 1024"),
    "a regex that grows": (match(uri={"regex": "((a{100}){100}){100}"}), "match[0].uri.regex", "RE2"),
    "a method of two": (
        match(method={"exact": "GET POST"}),
        "match[0].method.exact",
        "cannot be an HTTP method",
    ),
    "a scheme of files": (match(scheme={"exact": "file"}), "match[0].scheme.exact", "none of http and https"),
    "a wildcard": (match(authority={"exact": "*.example"}), "match[0].authority.exact", "cannot be a host"),
    "a header of two words": (
        match(headers={"a b": {"exact": "x"}}),
        "match[0].headers.a b",
        "name of a header",
    ),
    "a header in two cases": (
        match(headers={"A": {"exact": "x"}, "a": {"exact": "x"}}),
        "match[0].headers.a",
        "here twice",
    ),
    "the host as a header": (match(headers={"Host": {"exact": "x"}}), "match[0].headers.Host", "not matched"),
    "a header with CR": (
        match(headers={"a": {"exact": "x\r"}}),
        "match[0].headers.a.exact",
        "without line breaks",
    ),
    "a header that is not there": (
        match(headers={"a": {"present": False}}),
        "match[0].headers.a.present",
        "true",
    ),
    "51 headers": (
        match(headers={f"h{n}": {"present": True} for n in range(51)}),
        "match[0].headers",
        "51 members are too many",
    ),
    "a label of words": (
        match(source_labels={"app": "a b"}),
        "match[0].source_labels.app",
        "value of a label",
    ),
    "a gateway of three": (match(gateways=["a/b/c"]), "match[0].gateways[0]", "is no gateway"),
    "port 0": (match(port=0), "match[0].port", "0 is outside 1 to 65535."),
    "a case without a path": (match(port=1, ignore_uri_case=True), "match[0].ignore_uri_case", "needs a uri"),
    "no destination": (goes(), "destinations", "0 are too few"),
    "a wildcard host": (goes({"host": "*.example.com"}), "destinations[0].host", "has a wildcard"),
    "a host of 1 MB": (goes({"host": MEGABYTE}), "destinations[0].host", "cannot be the name of a host"),
    "a host and a service": (
        goes({"host": "a.b", "service": "a"}),
        "destinations[0].host",
        "either a host or",
    ),
    "a version and a subset": (
        goes({"version": "v1", "subset": "a"}),
        "destinations[0].subset",
        "either a version",
    ),
    "the version of another": (
        goes({"service": "ratings", "version": "v1"}),
        "destinations[0].version",
        "name a subset",
    ),
    "a place twice": (
        goes({"version": "v1", "weight": 50}, {"version": "v1", "weight": 50}),
        "destinations[1]",
        "the same place",
    ),
    "one without weight": (
        goes({"version": "v1", "weight": 100}, {"version": "v2"}),
        "destinations[1].weight",
        "each one needs a weight",
    ),
    "weights of 90": (
        goes({"version": "v1", "weight": 80}, {"version": "v2", "weight": 10}),
        "destinations",
        "add up to 90",
    ),
    "half of one": (goes({"version": "v1", "weight": 50}), "destinations[0].weight", "gets everything"),
    "a weight of 101": (goes({"version": "v1", "weight": 101}), "destinations[0].weight", "outside 0 to 100"),
    "an empty redirect": (route(destinations=None, redirect={}), "redirect", "This says nothing"),
    "a redirect of 200": (
        route(destinations=None, redirect={"redirect_code": 200}),
        "redirect.redirect_code",
        "none of 301, 302",
    ),
    "two ports": (
        route(destinations=None, redirect={"port": 1, "derive_port": "FROM_REQUEST_PORT"}),
        "redirect.derive_port",
        "either a port",
    ),
    "a fault with a redirect": (
        route(
            destinations=None, redirect={"uri": "/"}, fault={"abort": {"percentage": 1, "http_status": 500}}
        ),
        "fault",
        "Nothing is forwarded",
    ),
    "a rewrite with an answer": (
        route(destinations=None, direct_response={"status": 503}, rewrite={"uri": "/"}),
        "rewrite",
        "Nothing is",
    ),
    "an answer of 99": (
        route(destinations=None, direct_response={"status": 99}),
        "direct_response.status",
        "outside",
    ),
    "a body of 1 MB": (
        route(destinations=None, direct_response={"status": 200, "body": MEGABYTE}),
        "direct_response.body",
        "at most 16384",
    ),
    "a header value with LF": (
        route(headers={"request": {"set": {"a": "x\ny"}}}),
        "headers.request.set.a",
        "without line breaks",
    ),
    "a lone percent sign": (
        route(headers={"request": {"add": {"a": "50%"}}}),
        "headers.request.add.a",
        "write %%",
    ),
    "no operation": (route(headers={"request": {}}), "headers.request", "This says nothing"),
    "two rewrites": (
        route(rewrite={"uri": "/", "regex": {"match": "a", "rewrite": "b"}}),
        "rewrite.regex",
        "either a uri or",
    ),
    "the prefix of a regex": (
        route(match=[{"uri": {"regex": ".*"}}], rewrite={"uri": "/"}),
        "rewrite.uri",
        "has no prefix to rewrite",
    ),
    "an empty cors": (route(cors={}), "cors", "This says nothing"),
    "no timeout at all": (route(timeout="0s"), "timeout", "too short"),
    "a timeout in words": (route(timeout="soon"), "timeout", "is not a duration"),
    "a timeout of 2 days": (route(timeout="48h"), "timeout", "too long"),
    "26 attempts": (route(retries={"attempts": 26}), "retries.attempts", "outside 0 to 25"),
    "no attempts": (route(retries={"retry_on": ["5xx"]}), "retries.attempts", "This is missing."),
    "none, and more": (
        route(retries={"attempts": 0, "retry_on": ["5xx"]}),
        "retries.attempts",
        "switch retries off",
    ),
    "a condition of one's own": (
        route(retries={"attempts": 1, "retry_on": ["6xx"]}),
        "retries.retry_on[0]",
        "no condition for a retry",
    ),
    "0 % mirrored": (
        route(mirrors=[{"version": "v3", "percentage": 0}]),
        "mirrors[0].percentage",
        "no request",
    ),
    "a mirror twice": (route(mirrors=[{"version": "v3"}] * 2), "mirrors[1]", "the same place"),
    "a status of gRPC's own": (
        route(fault={"abort": {"percentage": 1, "grpc_status": "TEAPOT"}}),
        "fault.abort.grpc_status",
        "is none of",
    ),
    "both statuses": (
        route(fault={"abort": {"percentage": 1, "grpc_status": "INTERNAL", "http_status": 500}}),
        "fault.abort.grpc_status",
        "either http_status or grpc_status",
    ),
    "a policy of nothing": (policy(), "", "This changes nothing"),
    "a policy of fault": (policy(fault=None), "fault", "Unknown"),
    "a policy for no route": (
        {**policy(timeout="1s"), "default": None},
        "name",
        "exactly one of name, default and all",
    ),
    "default of 1": ({**policy(timeout="1s"), "default": 1}, "default", "1 must be true."),
    "no name": ({"kind": "remove_route", **TARGET}, "name", "cannot be the name of a route"),
}
