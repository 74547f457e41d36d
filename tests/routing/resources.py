"""Sidecars, ServiceEntries and Gateways as hypothesis draws them, by the request's own words."""

from hypothesis import strategies as st

from routing import rules

NAMED = {"namespace": "bookinfo", "name": "one"}
HTTP = {"port": 80, "protocol": "HTTP", "hosts": ["shop.example"]}
HTTPS = {"port": 443, "protocol": "HTTPS", "hosts": ["shop.example"], "tls": {"mode": "PASSTHROUGH"}}


def sidecar(**members):
    return {"kind": "sidecar", **NAMED, "egress": [{"hosts": ["./*"]}], **members}


def entry(**members):
    ports = [{"number": 443, "name": "tls", "protocol": "TLS"}]
    return {"kind": "service_entry", **NAMED, "hosts": ["pay.example"], "ports": ports, **members}


def gateway(*servers, **members):
    return {"kind": "gateway", **NAMED, "selector": {"istio": "edge"}, "servers": [*servers], **members}


def tls(**members):
    return gateway({**HTTPS, "tls": members})


words = st.sampled_from(["a", "b-1", "c"])
labels = st.dictionaries(st.sampled_from(["app", "team/x"]), st.sampled_from(["", "a", "B.c"]), min_size=1)
egress_hosts = st.lists(
    st.sampled_from(["./*", "*/*", "~/*", "shop/cart.shop.svc.cluster.local", "*/*.example"]),
    min_size=1,
    unique=True,
)
protocols = st.sampled_from(["HTTP", "TLS", "TCP"])
egress_ports = st.fixed_dictionaries(
    {"number": st.integers(1, 65535), "protocol": protocols}, optional={"name": words}
)


@st.composite
def sidecars(draw):
    listed = draw(st.lists(egress_ports, max_size=2, unique_by=lambda port: port["number"]))
    egress = [{"port": port, "hosts": draw(egress_hosts)} for port in listed]
    egress += [{"hosts": draw(egress_hosts)}] if not egress or draw(st.booleans()) else []
    optional = {
        "workload_labels": labels,
        "outbound_traffic_policy": st.sampled_from(["ALLOW_ANY", "REGISTRY_ONLY"]),
    }
    return sidecar(egress=egress, **draw(st.fixed_dictionaries({}, optional=optional)))


@st.composite
def entries(draw):
    names = draw(st.lists(words, min_size=1, unique=True))
    ports = [
        {"number": 80 + index, "name": name, "protocol": draw(protocols)} for index, name in enumerate(names)
    ]
    endpoint = st.fixed_dictionaries(
        {"address": st.sampled_from(["10.0.0.1", "::1"])},
        optional={
            "ports": st.just({names[0]: 8080}), "labels": labels, "network": words,
            "locality": words, "weight": st.integers(1, 9), "service_account": words,
        },
    )  # fmt: skip
    optional = {
        "addresses": st.just(["10.0.0.0/8", "1.2.3.4"]),
        "location": st.sampled_from(["MESH_EXTERNAL", "MESH_INTERNAL"]),
        "export_to": st.sampled_from([["."], ["*"], ["bookinfo", "shop"]]),
        "subject_alt_names": st.just(["spiffe://a/b"]),
    }
    members = draw(st.fixed_dictionaries({}, optional=optional))
    how = draw(st.sampled_from(["NONE", "STATIC", "labels"]))
    if how == "STATIC":
        chosen = draw(st.lists(endpoint, min_size=1, max_size=2, unique_by=lambda item: item["address"]))
        members |= {"resolution": how, "endpoints": chosen}
    if how == "labels":
        members |= {"resolution": "STATIC", "workload_labels": draw(labels)}
    return entry(ports=ports, **members)


secure = st.sampled_from(
    [
        {"mode": "PASSTHROUGH"},
        {"mode": "SIMPLE", "credential_name": "cert", "min_protocol_version": "TLSV1_2"},
        {"mode": "SIMPLE", "server_certificate": "/c", "private_key": "/k", "cipher_suites": ["A", "B"]},
        {"mode": "MUTUAL", "credential_name": "cert", "subject_alt_names": ["x"]},
        {"mode": "ISTIO_MUTUAL"},
    ]
)


@st.composite
def gateways(draw):
    servers = []
    for port in draw(st.lists(st.integers(1, 65535), min_size=1, max_size=3, unique=True)):
        hosts = draw(
            st.lists(st.sampled_from(["*", "a.b", "*.c", "shop/d.e", "./*"]), min_size=1, unique=True)
        )
        server = {"port": port, "hosts": hosts}
        if draw(st.booleans()):
            server |= {"protocol": draw(st.sampled_from(["HTTPS", "TLS"])), "tls": draw(secure)}
        else:
            server["protocol"] = draw(st.sampled_from(["HTTP", "TCP", "GRPC"]))
            server |= draw(st.sampled_from([{}, {"tls": {"https_redirect": True}}]))
        server |= draw(st.fixed_dictionaries({}, optional={"port_name": words}))
        servers.append(server)
    return gateway(*servers, selector=draw(labels))  # fmt: skip


resources = (sidecars() | entries() | gateways()).map(lambda asked: rules.parse([asked])[0])
