"""What keeps a rule from being written, and what is worth saying although it can be. Pure."""

from dataclasses import dataclass


class CannotApply(Exception):  # noqa: N818  (it says what it means at the place where it is raised)
    """The manifests as they stand do not allow the rule; `code` names why, `message` says it plainly.

    `field` is the part of the rule that it is about, such as `weights.v3`; empty for the rule as a whole.
    """

    def __init__(self, code: str, message: str, field: str = "") -> None:
        self.code = code
        self.message = message
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know before the rule is written."""

    code: str
    message: str
