"""Generated Istio rules for properties: mostly sensible values, with the odd one out among them."""

from hypothesis import strategies as st

from tests.localmesh.xds.objects import (
    destination_rule,
    edge,
    gateway,
    http_route,
    k8s_gateway,
    listener,
    server,
    service_entry,
    sidecar,
    virtual_service,
)

hosts = st.sampled_from(
    ["reviews", "ratings", "reviews.bookinfo.svc.cluster.local", "nobody", "example.com", ""]
)
subsets = st.sampled_from(["", "v1", "v2", "v3", "v9"])
texts = st.sampled_from(
    ["", "a", "/a", "/a/b", "jason", "ä", "a b", "100%", "%REQ(x)%", "a\nb", "\x00", "(", "*", "/" * 300]
)
regexes = st.sampled_from(["*", ".*", "/a/\\d+", "((", "(?=a)", "[a-z]{1,3}", "", "a" * 2000, "(a)(b)\\1"])
percentages = st.fixed_dictionaries(
    {}, optional={"value": st.sampled_from([0, 0.1, 50, 100, 100.0, 101, -1])}
)
durations = st.sampled_from(["0s", "1s", "1.5s", "500ms", "1h2m", "5 parsecs", "-1s", "1ns", "", "99999999h"])
names = st.sampled_from(["x", "end-user", ":path", "Host", "a b", "", "ä", "@request.auth.claims.x", "x-y_z"])


def optional(**fields):
    return st.fixed_dictionaries({}, optional=fields)


string_matches = st.one_of(
    st.just({}), st.builds(dict, exact=texts), st.builds(dict, prefix=texts), st.builds(dict, regex=regexes)
)
matches = optional(
    uri=string_matches,
    ignoreUriCase=st.booleans(),
    headers=st.dictionaries(names, string_matches, max_size=2),
    withoutHeaders=st.dictionaries(names, string_matches, max_size=2),
    method=string_matches,
    authority=string_matches,
    scheme=string_matches,
    queryParams=st.dictionaries(names, string_matches, max_size=2),
)
destinations = st.fixed_dictionaries(
    {"host": hosts},
    optional={"subset": subsets, "port": st.fixed_dictionaries({"number": st.sampled_from([9080, 80, 1])})},
)
operations = optional(
    request=optional(
        set=st.dictionaries(names, texts, max_size=2),
        add=st.dictionaries(names, texts, max_size=2),
        remove=st.lists(names, max_size=2),
    ),
    response=optional(set=st.dictionaries(names, texts, max_size=2), remove=st.lists(names, max_size=2)),
)
weighted = st.fixed_dictionaries(
    {"destination": destinations},
    optional={"weight": st.sampled_from([0, 1, 20, 80, -1, 2**32]), "headers": operations},
)
faults = optional(
    delay=optional(fixedDelay=durations, percentage=percentages, exponentialDelay=durations),
    abort=optional(
        httpStatus=st.sampled_from([200, 503, 99, 600]),
        grpcStatus=st.sampled_from(["UNAVAILABLE", "SORRY"]),
        percentage=percentages,
    ),
)
retries = optional(
    attempts=st.sampled_from([0, 1, 3, -1]),
    perTryTimeout=durations,
    retryOn=st.sampled_from(["5xx", "5xx,503", "gateway-error, reset", "tuesday", "9999", ""]),
    backoff=durations,
)
rewrites = optional(
    uri=texts,
    authority=texts,
    uriRegexRewrite=optional(match=regexes, rewrite=st.sampled_from(["", "/b", "\\1", "\\9", "\\x", "\\"])),
)
redirects = optional(
    uri=texts,
    authority=texts,
    scheme=st.sampled_from(["http", "https", ""]),
    port=st.sampled_from([0, 80, 8443, 70000]),
    redirectCode=st.sampled_from([0, 301, 302, 200]),
)
origins = st.lists(string_matches, max_size=2)
cors = optional(
    allowOrigins=origins,
    allowMethods=st.lists(texts, max_size=2),
    maxAge=durations,
    allowCredentials=st.booleans(),
)
_http_routes = optional(
    corsPolicy=cors,
    name=texts,
    match=st.lists(matches, max_size=2),
    route=st.lists(weighted, max_size=3),
    fault=faults,
    retries=retries,
    rewrite=rewrites,
    redirect=redirects,
    headers=operations,
    timeout=durations,
    mirror=destinations,
    mirrorPercentage=percentages,
    directResponse=optional(
        status=st.sampled_from([200, 503, 0, 700]),
        body=st.sampled_from([{}, {"string": "x"}, {"bytes": "eA=="}, {"bytes": "?"}]),
    ),
)


@st.composite
def http_routes(draw):
    # A strategy of its own, because hypothesis would print the whole of the other in every name.
    return draw(_http_routes)


rule_hosts = st.lists(
    st.sampled_from(
        [
            "reviews",
            "ratings",
            "example.com",
            "*.example.com",
            "*",
            "reviews.bookinfo",
            "",
            "a b",
            "a\nb",
            "*a",
            "a*.b",
            "*.*",
            "ä",
            "a:80",
        ]
    ),
    min_size=1,
    max_size=2,
    unique=True,
)
bindings = st.sampled_from([[], ["mesh"], ["bookinfo-gateway"], ["mesh", "bookinfo-gateway"]])


@st.composite
def virtual_services(draw):
    http = draw(st.lists(http_routes(), min_size=1, max_size=3))
    name = draw(st.sampled_from("abcdef"))
    return virtual_service(*http, hosts=draw(rule_hosts), gateways=draw(bindings), name=name)


hashes = optional(
    httpHeaderName=names,
    useSourceIp=st.booleans(),
    httpCookie=optional(name=names, ttl=durations, path=texts),
    maglev=optional(tableSize=st.sampled_from([65537, 0])),
)
balancers = st.one_of(
    st.builds(dict, simple=st.sampled_from(["RANDOM", "ROUND_ROBIN", "PASSTHROUGH", "x"])),
    st.builds(dict, consistentHash=hashes),
)
limits = st.sampled_from([0, 1, 7, -1, 2**31])
pools = optional(
    tcp=optional(maxConnections=limits, connectTimeout=durations, idleTimeout=durations),
    http=optional(
        http1MaxPendingRequests=limits,
        maxRequestsPerConnection=limits,
        idleTimeout=durations,
        h2UpgradePolicy=st.sampled_from(["UPGRADE", "DEFAULT"]),
    ),
)
outliers = optional(
    consecutive5xxErrors=limits,
    interval=durations,
    maxEjectionPercent=st.sampled_from([0, 50, 101]),
    minHealthPercent=st.sampled_from([0, 50, 101]),
)
localities = optional(
    enabled=st.booleans(),
    distribute=st.lists(
        st.fixed_dictionaries(
            {
                "from": st.sampled_from(["*", "eu", "us/west"]),
                "to": st.sampled_from([{"*": 100}, {"eu": 50}, {}]),
            }
        ),
        max_size=2,
    ),
    failover=st.lists(st.just({"from": "eu", "to": "us"}), max_size=1),
    failoverPriority=st.lists(st.sampled_from(["version", "app=x"]), max_size=2, unique=True),
)
warmups = optional(
    duration=durations, minimumPercent=st.sampled_from([0, 50, 101]), aggression=st.sampled_from([0, 1, 2])
)
tls = optional(
    mode=st.sampled_from(["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]),
    sni=texts,
    credentialName=st.sampled_from(["", "none"]),
    insecureSkipVerify=st.booleans(),
    subjectAltNames=st.lists(texts, max_size=2),
)
balancers = st.one_of(
    balancers,
    st.builds(dict, localityLbSetting=localities, warmup=warmups),
    st.builds(dict, simple=st.sampled_from(["ROUND_ROBIN", "RANDOM"]), warmupDurationSecs=durations),
)
policies = optional(loadBalancer=balancers, connectionPool=pools, outlierDetection=outliers, tls=tls)


@st.composite
def destination_rules(draw):
    versions = draw(st.lists(st.sampled_from(["v1", "v2", "v3"]), unique=True))
    host = draw(hosts.filter(bool))
    return destination_rule(host, *versions, name=draw(st.sampled_from("abc")), trafficPolicy=draw(policies))


@st.composite
def gateways(draw):
    served = draw(
        st.lists(
            st.sampled_from(
                ["*", "a.example.com", "*.example.com", "shop/*", "", "a b", "*a", "a/b/c", "a:80"]
            ),
            min_size=1,
            unique=True,
        )
    )
    return gateway(server(*served, port=draw(st.sampled_from([80, 8080]))))


ports = st.sampled_from([9080, 80, 1])
backends = st.fixed_dictionaries(
    {"name": st.sampled_from(["reviews", "ratings", "nobody"])},
    optional={
        "port": ports,
        "weight": st.sampled_from([0, 1, 5]),
        "kind": st.sampled_from(["Service", "Bucket"]),
        "namespace": st.sampled_from(["bookinfo", "shop"]),
    },
)
pairs = st.lists(st.fixed_dictionaries({"name": names, "value": texts}), max_size=2)
modifiers = optional(set=pairs, add=pairs, remove=st.lists(names, max_size=2))
path_modifiers = st.one_of(
    st.builds(dict, type=st.just("ReplaceFullPath"), replaceFullPath=texts),
    st.builds(dict, type=st.just("ReplacePrefixMatch"), replacePrefixMatch=texts),
)
filters = st.one_of(
    st.builds(dict, type=st.just("RequestHeaderModifier"), requestHeaderModifier=modifiers),
    st.builds(dict, type=st.just("ResponseHeaderModifier"), responseHeaderModifier=modifiers),
    st.builds(
        dict,
        type=st.just("RequestRedirect"),
        requestRedirect=optional(hostname=hosts, port=ports, scheme=texts, path=path_modifiers),
    ),
    st.builds(dict, type=st.just("URLRewrite"), urlRewrite=optional(hostname=hosts, path=path_modifiers)),
    st.builds(
        dict,
        type=st.just("RequestMirror"),
        requestMirror=st.fixed_dictionaries(
            {"backendRef": backends}, optional={"percent": st.sampled_from([0, 50, 101])}
        ),
    ),
)
route_paths = st.builds(
    dict,
    type=st.sampled_from(["Exact", "PathPrefix", "RegularExpression"]),
    value=st.sampled_from(["/", "/a", "/a/", "a", "((", "", "/a?b", "/a//b"]),
)
route_rules = optional(
    matches=st.lists(
        optional(path=route_paths, method=st.just("GET"), headers=pairs, queryParams=pairs), max_size=2
    ),
    filters=st.lists(filters, max_size=2),
    backendRefs=st.lists(backends, max_size=3),
    timeouts=optional(request=durations, backendRequest=durations),
)
parents = st.sampled_from(["reviews", "ratings", "nobody", edge(), edge(sectionName="web")])


@st.composite
def http_routes_of_gateway_api(draw):
    rules = draw(st.lists(route_rules, min_size=1, max_size=2))
    chosen = draw(st.lists(parents, min_size=1, max_size=2, unique_by=str))
    return http_route(*rules, parents=chosen, name=draw(st.sampled_from("abc")))


@st.composite
def k8s_gateways(draw):
    protocol = draw(st.sampled_from(["HTTP", "HTTPS", "TCP"]))
    return k8s_gateway(listener(protocol=protocol, port=draw(st.sampled_from([80, 8080]))))


@st.composite
def service_entries(draw):
    addresses = draw(st.lists(st.sampled_from(["10.0.0.1", "x.example", "", "::1", "999.1.1.1"]), max_size=2))
    protocol = draw(st.sampled_from(["HTTP", "GRPC", "TCP", "TLS", "UDP"]))
    return service_entry(
        *addresses,
        hosts=draw(
            st.sampled_from([["example.com"], ["*.example.com"], ["reviews.bookinfo.svc.cluster.local"]])
        ),
        ports=[{"name": "p", "number": draw(st.sampled_from([80, 5432])), "protocol": protocol}],
        resolution=draw(st.sampled_from(["STATIC", "DNS", "NONE"])),
    )


@st.composite
def sidecars(draw):
    return sidecar(*draw(st.lists(st.sampled_from(["./*", "*/*", "~/*", "shop/x", "odd"]), max_size=2)))


@st.composite
def stream_rules(draw):
    weighted = st.fixed_dictionaries(
        {"destination": destinations}, optional={"weight": st.sampled_from([0, 1, 20])}
    )
    route = draw(st.lists(weighted, max_size=2))
    sni = draw(
        st.lists(st.sampled_from(["example.com", "*.example.com", "*", "a b", "A.example.com"]), max_size=3)
    )
    spec = draw(
        st.sampled_from(
            [{"tcp": [{"route": route}]}, {"tls": [{"match": [{"sniHosts": sni}], "route": route}]}]
        )
    )
    return virtual_service(hosts=["example.com"], name="streams", **spec)


def some_rules():
    any_rule = st.one_of(
        virtual_services(),
        destination_rules(),
        gateways(),
        http_routes_of_gateway_api(),
        k8s_gateways(),
        service_entries(),
        sidecars(),
        stream_rules(),
    )
    return st.lists(any_rule, max_size=6, unique_by=lambda rule: (rule["kind"], rule["metadata"]["name"]))
