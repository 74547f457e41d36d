"""Reads the answers of Prometheus' HTTP API as far as they are the same each time: all but the labels.

Pure. The labels of a series are left as the bytes that they are: they come again with every tick, and whoever
knows them already (telemetry.prometheus.assembling) need not read them again.

Format: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import math
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec

from telemetry.undecodable import UNDECODABLE

_QUOTED_CHARACTERS = 300
_WARNINGS = 3


class BadAnswerError(Exception):
    """What came is no answer to the question. The message completes "Prometheus ..."; `quoted` is what the
    server itself wrote, cut short, which may name anything.
    """

    def __init__(self, message: str, quoted: str = "") -> None:
        super().__init__(message)
        self.quoted = short(quoted)


class NoAnswerError(Exception):
    """There is no usable answer. The message is a whole sentence that names nothing; `quoted` is the server's
    own words, cut short.
    """

    def __init__(self, message: str, quoted: str = "") -> None:
        super().__init__(message)
        self.quoted = short(quoted)


class Point(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A value as it is written ("NaN" and "+Inf" included), and when, in seconds since the epoch."""

    at: float
    value: str


class Series(msgspec.Struct, gc=False, frozen=True):
    """One element of an instant vector. A native histogram has no value."""

    metric: msgspec.Raw
    value: Point | None = None


class Line(msgspec.Struct, gc=False, frozen=True):
    """One element of a range: its values over time, without those moments at which there is none."""

    metric: dict[str, str]
    values: list[Point] = []


class Track(msgspec.Struct, gc=False, frozen=True):
    """The samples of a series, whose labels are left as they are: they come again with the next answer."""

    metric: msgspec.Raw
    values: list[Point] = []


class Vector(NamedTuple):
    """An instant vector. `warnings` are the server's own words: part of the answer may be missing."""

    series: Sequence[Series]
    warnings: tuple[str, ...] = ()

    @property
    def at(self) -> float | None:
        """The moment that it is of, in seconds since the epoch; None for an empty one."""
        return next((each.value.at for each in self.series if each.value), None)


class Matrix(NamedTuple):
    """What a query over a range of time, or of samples, answers."""

    lines: Sequence[Line]
    warnings: tuple[str, ...] = ()


class Tracks(NamedTuple):
    """The samples of many series."""

    lines: Sequence[Track]
    warnings: tuple[str, ...] = ()


_Result = TypeVar("_Result")


class _Data(msgspec.Struct, Generic[_Result]):
    result: list[_Result]


class _Answer(msgspec.Struct, Generic[_Result]):
    status: str
    data: _Data[_Result] | None = None
    errorType: str = ""  # noqa: N815  the API's name
    error: str = ""
    warnings: list[str] | None = None


class _Shape(msgspec.Struct):
    resultType: str = ""  # noqa: N815  the API's name
    result: msgspec.Raw = msgspec.Raw(b"[]")


class _Shaped(msgspec.Struct):
    data: _Shape | None = None


_shapes = msgspec.json.Decoder(_Shaped)
_points = msgspec.json.Decoder(Point)
_vectors = msgspec.json.Decoder(_Answer[Series])
_matrices = msgspec.json.Decoder(_Answer[Line])
_tracks = msgspec.json.Decoder(_Answer[Track])
read_labels = msgspec.json.Decoder(dict[str, str]).decode
"""The labels of a series, from their bytes. Raises msgspec.DecodeError, UnicodeDecodeError."""


def vector(body: bytes | bytearray) -> Vector:
    """The answer to a query at one moment. Raises BadAnswerError."""
    return Vector(*_result(_vectors, body))


def matrix(body: bytes | bytearray) -> Matrix:
    """The answer to a query over a range. Raises BadAnswerError."""
    return Matrix(*_result(_matrices, body))


def tracks(body: bytes | bytearray) -> Tracks:
    """The samples themselves. Raises BadAnswerError."""
    return Tracks(*_result(_tracks, body))


def figures(body: bytes | bytearray) -> Sequence[str]:
    """The values of a vector, or of a scalar, as they are written. Raises BadAnswerError."""
    try:
        data = _shapes.decode(body).data
        if data is not None and data.resultType == "scalar":
            return [_points.decode(data.result).value]
    except UNDECODABLE as error:
        raise BadAnswerError("answered with something else than figures.", str(error)) from None
    if data is not None and data.resultType in ("matrix", "string"):
        raise BadAnswerError("could not answer a query.", "bad_data: it yields a range or a text, no number.")
    return [each.value.value if each.value else "NaN" for each in vector(body).series]


def labels_of(series: Series) -> dict[str, str]:
    """The labels of a series; none where they cannot be read."""
    try:
        return read_labels(series.metric)
    except UNDECODABLE:
        return {}


def number(text: str) -> float:
    """A value as it is written; NaN for what is no number."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def short(text: str) -> str:
    """Another's words, in one line and cut to a length that can be shown."""
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED_CHARACTERS else f"{line[: _QUOTED_CHARACTERS - 1]}…"


def _result(
    decoder: msgspec.json.Decoder[_Answer[_Result]], body: bytes | bytearray
) -> tuple[list[_Result], tuple[str, ...]]:
    try:
        answer = decoder.decode(body)
    except UNDECODABLE as error:
        raise BadAnswerError("answered with something else than figures.", str(error)) from None
    if answer.status == "error":
        raise BadAnswerError("could not answer a query.", f"{answer.errorType}: {answer.error}")
    if answer.status != "success" or answer.data is None:
        raise BadAnswerError("answered with something else than figures.")
    return answer.data.result, tuple(short(each) for each in (answer.warnings or ())[:_WARNINGS])
