"""CorsPolicy: what browsers of other origins may do."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from localmesh.xds import values
from localmesh.xds.values import Json, Unusable

CORS_FILTER = "envoy.filters.http.cors"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.cors.v3"
_LISTS = (
    ("allowMethods", "allow_methods"),
    ("allowHeaders", "allow_headers"),
    ("exposeHeaders", "expose_headers"),
)


def reader() -> Json:
    """The HTTP filter by which routes can have a policy."""
    return {"name": CORS_FILTER, "typed_config": {"@type": f"{_TYPE}.Cors"}}


def policy(spec: Mapping[str, Any], path: str) -> Json:
    """Envoy's CorsPolicy. Raises Unusable."""
    result: Json = {
        "@type": f"{_TYPE}.CorsPolicy",
        "allow_origin_string_match": list(_origins(spec, path)),
        # Preflights of other origins go on to the application, unless that is switched off.
        "forward_not_matching_preflights": spec.get("unmatchedPreflights") != "IGNORE",
    }
    for ours, theirs in _LISTS:
        if spec.get(ours):
            result[theirs] = ",".join(values.text(each, f"{path}.{ours}") for each in spec[ours])
    if spec.get("maxAge"):
        seconds = values.duration(spec["maxAge"], f"{path}.maxAge").removesuffix("s")
        # Browsers know whole seconds only.
        result["max_age"] = str(int(Decimal(seconds)))
    if spec.get("allowCredentials") is not None:
        result["allow_credentials"] = bool(spec["allowCredentials"])
    return result


def _origins(spec: Mapping[str, Any], path: str) -> Iterator[Json]:
    for index, each in enumerate(spec.get("allowOrigins") or ()):
        where = f"{path}.allowOrigins[{index}]"
        if not any(key in each for key in ("exact", "prefix", "regex")):
            raise Unusable(where, "it says nothing to compare with")
        yield values.string_match(each, where)
    # The older field is read only where the present one says nothing, as in Istio.
    if not spec.get("allowOrigins"):
        for index, origin in enumerate(spec.get("allowOrigin") or ()):
            yield {"exact": values.text(origin, f"{path}.allowOrigin[{index}]")}
