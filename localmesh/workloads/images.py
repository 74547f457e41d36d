"""Which container images localmesh can run, and by which command of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

TRAFFIC_REPOSITORY = "localmesh/traffic"
PROXY_REPOSITORY = "proxyv2"
PROXY_IMAGE = "docker.io/istio/proxyv2:localmesh"
_PREFIX = "examples-bookinfo-"
_BOOKINFO = {
    "productpage-v1": ("productpage", "v1"),
    "details-v1": ("details", "v1"),
    "reviews-v1": ("reviews", "v1"),
    "reviews-v2": ("reviews", "v2"),
    "reviews-v3": ("reviews", "v3"),
    "ratings-v1": ("ratings", "v1"),
}


@dataclass(frozen=True)
class Implementation:
    """How localmesh runs an image: arguments for this Python, or, when empty, Envoy alone (a gateway)."""

    arguments: tuple[str, ...]
    takes_traffic_settings: bool = False

    @property
    def is_proxy(self) -> bool:
        """Whether the container is a proxy of its own."""
        return not self.arguments


def _known() -> Mapping[str, Implementation]:
    found = {
        _PREFIX + key: Implementation(("-m", "localmesh.bookinfo", *service))
        for key, service in _BOOKINFO.items()
    }
    found[PROXY_REPOSITORY] = Implementation(())
    found[TRAFFIC_REPOSITORY] = Implementation(("-m", "localmesh.traffic"), takes_traffic_settings=True)
    return found


KNOWN = _known()


def repository(image: str) -> str:
    """The repository of an image reference: without registry, tag and digest.

    `localmesh/traffic` keeps its first part, because that part is not a registry but its name.
    """
    bare = image.split("@", maxsplit=1)[0]
    folder, _, last = bare.rpartition("/")
    last = last.split(":")[0]
    if last == "traffic" and (folder == "localmesh" or folder.endswith("/localmesh")):
        return TRAFFIC_REPOSITORY
    return last


def find(image: str) -> Implementation | None:
    """What runs an image; None when localmesh does not know it."""
    return KNOWN.get(repository(image))


def unknown_message(image: str) -> str:
    """What to tell about an image that localmesh does not know."""
    known = ", ".join(sorted(KNOWN))
    return f'localmesh has no implementation of the image "{image}"; it knows: {known} (any tag)'
