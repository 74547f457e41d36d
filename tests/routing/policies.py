"""Traffic policies as hypothesis draws them, by the request's own words."""

from hypothesis import strategies as st

from routing import live, planner, rules
from routing.rules.policies import SIMPLE
from tests.people import own

TARGET = {"kind": "destination_policy", "namespace": "bookinfo", "service": "reviews"}


def optional(**members):
    return st.fixed_dictionaries({}, optional=members)


durations = st.sampled_from(["1ms", "2s", "500ms", "1m30s"])
small = st.integers(1, 100)
words = st.sampled_from(["a", "x-user", "region-1"])
localities = st.one_of(
    optional(
        enabled=st.booleans(),
        distribute=st.just([{"from": "a/*", "to": {"a/*": 80, "b/*": 20}}, {"from": "b", "to": {"b": 100}}]),
    ),
    optional(failover=st.just([{"from": "a", "to": "b"}]), enabled=st.booleans()),
    optional(failover_priority=st.just(["topology.istio.io/network", "app=x"])),
)  # fmt: skip
warmups = st.fixed_dictionaries(
    {"duration": durations},
    optional={"minimum_percent": st.sampled_from([0, 10, 12.5]), "aggression": st.sampled_from([1, 1.5])},
)
simple = st.sampled_from(SIMPLE)
affinities = st.one_of(
    st.fixed_dictionaries({"header": words}),
    st.fixed_dictionaries({"query_param": words}),
    st.just({"source_ip": True}),
    st.fixed_dictionaries(
        {
            "cookie": st.fixed_dictionaries(
                {"name": words}, optional={"path": st.just("/shop"), "ttl": st.sampled_from(["0s", "1h"])}
            )
        }
    ),
)
tcp = optional(
    max_connections=small,
    connect_timeout=durations,
    tcp_keepalive=optional(probes=small, time=durations, interval=durations),
    max_connection_duration=durations,
    idle_timeout=st.sampled_from(["0s", "5m"]),
)
http = optional(
    http1_max_pending_requests=small,
    http2_max_requests=small,
    max_requests_per_connection=small,
    max_retries=small,
    idle_timeout=durations,
    h2_upgrade_policy=st.sampled_from(["DEFAULT", "DO_NOT_UPGRADE"]),
    use_client_protocol=st.booleans(),
    max_concurrent_streams=small,
)
detections = optional(
    consecutive_5xx_errors=small,
    consecutive_gateway_errors=small,
    consecutive_local_origin_failures=small,
    split_external_local_origin_errors=st.booleans(),
    interval=durations,
    base_ejection_time=durations,
    max_ejection_percent=st.integers(0, 99),
    min_health_percent=small,
)
tls = st.one_of(
    st.sampled_from([{"mode": "DISABLE"}, {"mode": "ISTIO_MUTUAL"}, {"mode": "ISTIO_MUTUAL", "sni": "a"}]),
    st.fixed_dictionaries(
        {"mode": st.just("SIMPLE")},
        optional={"ca_certificates": st.just("/ca.pem"), "subject_alt_names": st.just(["a", "b"])},
    ),
    st.just({"mode": "SIMPLE", "insecure_skip_verify": True}),
    st.just({"mode": "MUTUAL", "client_certificate": "/c.pem", "private_key": "/k.pem", "ca_crl": "/r.pem"}),
    st.just({"mode": "MUTUAL", "credential_name": "client"}),
)  # fmt: skip
balancers = st.one_of(
    st.fixed_dictionaries({"simple": simple}, optional={"warmup": warmups, "locality": localities}),
    st.fixed_dictionaries({"locality": localities}),
    st.fixed_dictionaries({"warmup": warmups}),
)


@st.composite
def policies(draw, *, clears=True, versions=("", "v1", "v3"), ports=(0, 9080)):
    null = st.none() if clears else st.nothing()
    parts = {
        "load_balancer": balancers | null,
        "session_affinity": affinities | null,
        "connection_pool": st.fixed_dictionaries({"tcp": tcp | null}, optional={"http": http | null})
        | st.fixed_dictionaries({"http": http | null})
        | null,
        "outlier_detection": detections | null,
        "tls": tls | null,
    }
    asked = draw(st.fixed_dictionaries({}, optional=parts).filter(bool))
    if (asked.get("load_balancer") or {}).get("simple"):
        asked.pop("session_affinity", None)
    version, port = draw(st.sampled_from(versions)), draw(st.sampled_from(ports))
    asked |= {"version": version} if version else {}
    asked |= {"port": port} if port else {}
    (rule,) = rules.parse([{**TARGET, **asked}])
    return rule


def policy(**parts):
    (rule,) = rules.parse([{**TARGET, **parts}])
    return rule


def planned(cluster, *wanted):
    return planner.plan(wanted, live.read(own(cluster), {"bookinfo"}, rules.kinds_read(wanted)))
