"""Which app and version labels name.

An app is named as Istio names a canonical service, so that it is called here as it is in Istio's metrics.
A version is another matter: a subset selects by a label that somebody wrote, mostly `version`, and Istio
itself puts `app.kubernetes.io/version` before it, which a Helm chart sets to the same for all its versions.
So `version` comes first here, then the canonical revision, which an injected pod always carries. Under which
names the metrics know a version, `revision_of` says.
Sources: https://istio.io/latest/docs/ops/deployment/application-requirements/ and istio.io/istio,
pkg/kube/labels (the order of a canonical service's labels).
"""

import re
from collections.abc import Mapping
from typing import Final

NAME: Final = "app.kubernetes.io/name"
VERSION: Final = "app.kubernetes.io/version"
CANONICAL_NAME: Final = "service.istio.io/canonical-name"
CANONICAL_REVISION: Final = "service.istio.io/canonical-revision"

VERSION_LABELS: Final = ("version", CANONICAL_REVISION, VERSION)
APP_LABELS: Final = (CANONICAL_NAME, NAME, "app")
LATEST: Final = "latest"
_NUMBERS: Final = re.compile(r"([0-9]+)")
_REVISION_LABELS: Final = (CANONICAL_REVISION, VERSION, "version")


def version_of(labels: Mapping[str, str]) -> tuple[str, str]:
    """The version that labels name and the label that names it; two empty strings when none does."""
    return _first(labels, VERSION_LABELS)


def app_of(labels: Mapping[str, str]) -> str:
    """The app that labels name, or an empty string."""
    return _first(labels, APP_LABELS)[0]


def revision_of(labels: Mapping[str, str]) -> str:
    """What Istio's metrics call the version of a pod with these labels: its canonical revision."""
    return _first(labels, _REVISION_LABELS)[0] or LATEST


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which v2 comes before v10."""
    # A number is compared by its length, then as text: as an integer it could be too long to convert.
    parts = _NUMBERS.split(text)
    keys = [(1, 0, part) for part in parts]
    for at in range(1, len(parts), 2):
        digits = parts[at].lstrip("0")
        keys[at] = (0, len(digits), digits)
    return tuple(key for key, part in zip(keys, parts, strict=True) if part)


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    for name in names:
        value = labels.get(name)
        if value:
            return value, name
    return "", ""
