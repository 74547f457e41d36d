"""Problems with an object, collected at their fields."""

from dataclasses import dataclass, field
from typing import Any

import re2

from localmesh.apiserver.durations import BadDuration, seconds
from localmesh.apiserver.errors import ApiError, Cause

#: The longest expression that istiod passes to Envoy.
MAX_REGEX = 1024


class Denied(ApiError):  # noqa: N818
    """An admission webhook said no."""

    code, reason = 400, ""

    def status(self) -> dict[str, Any]:
        """A webhook's Status carries no reason."""
        body = super().status()
        del body["reason"]
        return body


@dataclass(slots=True)
class Problems:
    """What is wrong, at which field."""

    causes: list[Cause] = field(default_factory=list)

    def add(self, path: str, told: str) -> None:
        """One thing that is wrong."""
        self.causes.append(Cause(path, told))

    def add_if(self, condition: object, path: str, told: str) -> None:
        """One thing that is wrong where the condition is true."""
        if condition:
            self.add(path, told)

    def duration(self, path: str, text: Any) -> None:
        """A duration, where there is one: well-formed, at least 1 ms and in whole milliseconds."""
        if text is None:
            return
        try:
            length = seconds(str(text))
        except BadDuration as error:
            self.add(path, f"invalid duration: {error}")
            return
        self.add_if(length < 0.001, path, "duration must be greater than 1ms")
        off = abs(length * 1000 - round(length * 1000))
        self.add_if(length >= 0.001 and off > 1e-6, path, "only durations to ms precision are supported")

    def percent(self, path: str, value: Any) -> None:
        """A percentage, where there is one: 0 to 100."""
        if isinstance(value, int | float):
            self.add_if(not 0 <= value <= 100, path, f"percentage {value} is not in range 0..100")

    def regex(self, path: str, text: Any) -> None:
        """An expression of RE2."""
        if not isinstance(text, str):
            return
        if len(text.encode()) > MAX_REGEX:
            self.add(path, f"regex is too large ({len(text.encode())} bytes, at most {MAX_REGEX})")
            return
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(text, options)
        except re2.error as error:
            told = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            self.add(path, f"invalid regex {text!r}: {told}")

    def raise_denied(self) -> None:
        """Raise `Denied`, worded as istiod's webhook does, if there is any problem."""
        if not self.causes:
            return
        texts = [f"{cause.field}: {cause.message}" for cause in self.causes]
        told = texts[0]
        if len(texts) > 1:
            told = f"{len(texts)} errors occurred:" + "".join(f"\n\t* {text}" for text in texts) + "\n\n"
        causes = [
            {"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in self.causes
        ]
        raise Denied(
            f'admission webhook "validation.istio.io" denied the request: configuration is invalid: {told}',
            details={"causes": causes},
        )
