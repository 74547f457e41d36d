from localmesh import xds
from tests.localmesh.xds.objects import gateway, mesh, proxy, router

#: https://istio.io/latest/docs/reference/config/metrics/#labels
STANDARD = {
    "reporter", "source_workload", "source_workload_namespace", "source_principal", "source_app",
    "source_version", "source_cluster", "source_canonical_service", "source_canonical_revision",
    "destination_workload",
    "destination_workload_namespace", "destination_principal", "destination_app", "destination_version",
    "destination_cluster", "destination_service", "destination_service_name", "destination_service_namespace",
    "destination_canonical_service", "destination_canonical_revision", "request_protocol", "response_code",
    "grpc_response_status", "response_flags", "connection_security_policy",
}  # fmt: skip
#: https://istio.io/latest/docs/tasks/observability/logs/access-log/#default-access-log-format
ACCESS_LOG = {
    "start_time", "method", "path", "protocol", "response_code", "response_flags", "response_code_details",
    "connection_termination_details", "upstream_transport_failure_reason", "bytes_received", "bytes_sent",
    "duration", "upstream_service_time", "x_forwarded_for", "user_agent", "request_id", "authority",
    "upstream_host", "upstream_cluster", "upstream_local_address", "downstream_local_address",
    "downstream_remote_address", "requested_server_name", "route_name",
}  # fmt: skip


def managers(of, which):
    return [
        each["filter_chains"][0]["filters"][0]["typed_config"] for each in xds.configure(of, which).listeners
    ]


def tags(manager):
    log, _ = manager["access_log"]
    config = log["typed_config"]
    metrics = [*config["counters"], *config["histograms"]]
    (shared,) = {str(metric["stat"]["tags"]) for metric in metrics}
    assert shared
    names = [f"{config['stats_scope']['prefix']}_{metric['stat']['name']}" for metric in metrics]
    return names, {tag["name"]: tag["value_format"] for tag in metrics[0]["stat"]["tags"]}


def test_every_listener_has_istios_metrics_with_istios_labels():
    made = mesh(gateway())
    for which in (proxy(made), router(made)):
        for manager in managers(made, which):
            names, labels = tags(manager)
            assert names == [
                "istio_requests_total",
                "istio_request_duration_milliseconds",
                "istio_request_bytes",
                "istio_response_bytes",
            ]
            assert labels.keys() == STANDARD


def test_outbound_requests_are_reported_by_the_source_and_inbound_ones_by_the_destination():
    made = mesh(gateway())
    outbound, inbound = (tags(each)[1] for each in managers(made, proxy(made, "reviews-v1")))
    assert (outbound["reporter"], outbound["source_workload"]) == ("source", "reviews-v1")
    assert (inbound["reporter"], inbound["destination_workload"]) == ("destination", "reviews-v1")
    assert inbound["destination_service"] == "reviews.bookinfo.svc.cluster.local"
    (edge,) = (tags(each)[1] for each in managers(made, router(made)))
    assert (edge["reporter"], edge["source_workload"]) == ("source", "istio-ingressgateway")


def test_a_version_that_no_label_gives_is_unknown():
    made = mesh(gateway())
    (edge,) = (tags(each)[1] for each in managers(made, router(made)))
    assert edge["source_version"] == "unknown"
    assert edge["source_canonical_revision"] == "latest"


def test_every_listener_of_requests_logs_them_with_the_names_of_istios_own_encoding():
    made = mesh(gateway())
    for which in (proxy(made), router(made)):
        for manager in managers(made, which):
            config = manager["access_log"][1]["typed_config"]
            assert config["@type"].endswith(".StdoutAccessLog")
            assert config["log_format"]["json_format"].keys() == ACCESS_LOG
