"""The mirror of a route in its older form: one `mirror`, with `mirrorPercentage` beside it. Pure."""

from typing import Any, Final

HttpRule = dict[str, Any]
_OLD: Final = ("mirror", "mirrorPercentage", "mirrorPercent", "mirror_percent")


def modern(raw: HttpRule) -> HttpRule:
    """The route with its mirror among `mirrors`; as it is where it has them already, or none."""
    if not isinstance(raw.get("mirror"), dict) or raw.get("mirrors"):
        return raw
    rest = {key: value for key, value in raw.items() if key not in (*_OLD, "mirrors")}
    return {**rest, "mirrors": [{"destination": raw["mirror"], **_percentage(raw)}]}


def rewritten(old: HttpRule, made: HttpRule) -> HttpRule:
    """The route as `made` has it, with a single mirror in the form that it had."""
    mirrors = made.get("mirrors")
    if modern(old) is old or not isinstance(mirrors, list) or len(mirrors) != 1 or "mirror" in made:
        return made
    rest = {key: value for key, value in made.items() if key != "mirrors"}
    if mirrors == modern(old)["mirrors"]:
        return {**rest, **{key: old[key] for key in _OLD if key in old}}
    if set(mirrors[0]) - {"destination", "percentage"}:
        return made
    share = {"mirrorPercentage": mirrors[0]["percentage"]} if "percentage" in mirrors[0] else {}
    return {**rest, "mirror": mirrors[0]["destination"], **share}


def _percentage(raw: HttpRule) -> dict[str, Any]:
    if isinstance(raw.get("mirrorPercentage"), dict):
        return {"percentage": raw["mirrorPercentage"]}
    whole = raw.get("mirrorPercent", raw.get("mirror_percent"))
    return {} if whole is None else {"percentage": {"value": whole}}
