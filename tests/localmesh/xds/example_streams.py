"""TCP and TLS routes that have every field that the control plane acts on, and services that they are for."""

from tests.localmesh.xds.objects import service, to, virtual_service

_MATCH = {"port": 5432, "sourceLabels": {"app": "productpage"}, "sourceNamespace": "bookinfo"}
_OTHERS = [
    {"port": 1}, {"sourceLabels": {"app": "x"}}, {"sourceNamespace": "x"}, {"gateways": ["elsewhere"]},
]  # fmt: skip
_ROUTES = [{**to("db", "v1", 3, 5433)}, to("db2", weight=2)]
STREAM_SERVICES = [
    service("db", {"port": 5432, "name": "tcp"}, {"port": 5433, "name": "tcp-b"}),
    service("db2", {"port": 5433, "name": "tcp"}),
    service("shop", {"port": 8443, "name": "tls"}, {"port": 8444, "name": "tls-b"}),
]
_SNI = {
    "sniHosts": ["a.example"],
    "sourceLabels": {"app": "productpage"},
    "sourceNamespace": "bookinfo",
    "port": 8443,
}
STREAMS = [
    *(
        virtual_service(
            tcp=[{"match": [each], "route": _ROUTES}, {"route": [to("db", port=5433)]}], hosts=["db"]
        )
        for each in (_MATCH, *_OTHERS)
    ),
    virtual_service(tcp=[{"match": [{"port": 5432}], "route": [to("db2", port=5433)]}], hosts=["db"]),
    *(
        virtual_service(
            tls=[
                {"match": [each], "route": [to("shop", "v1", 3, 8444), to("shop", weight=2, port=8443)]},
                {"match": [{"sniHosts": ["b.example"]}], "route": [to("shop")]},
            ],
            hosts=["shop"],
        )
        for each in (_SNI, *({**each, "sniHosts": ["a.example"]} for each in _OTHERS))
    ),
]
