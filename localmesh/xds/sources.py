"""Where Envoy asks for configuration."""

from localmesh.xds.values import Json

#: The bootstrap's name for the cluster of the control plane.
XDS_CLUSTER = "xds"
#: The control plane holds a poll for at most half of this.
REQUEST_TIMEOUT_SECONDS = 60


def config_source() -> Json:
    """Where Envoy asks for configuration: REST, polled again as soon as an answer was applied.

    The bootstrap uses the same for clusters and listeners.
    """
    return {
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": [XDS_CLUSTER],
            "refresh_delay": "0.05s",
            "request_timeout": f"{REQUEST_TIMEOUT_SECONDS}s",
        },
    }
