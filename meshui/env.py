"""Typed readers of environment variables: a wrong setting stops the start with its name and the reason.

Knows nothing of Django: settings.py is its only caller in the product.
"""

import os
import secrets
from pathlib import Path


class SettingError(Exception):
    """A setting has a value that cannot be used; the message names it and says what would do."""


def text(name: str, default: str) -> str:
    """A string, or its default when the variable is unset or empty."""
    return os.environ.get(name, "") or default


def boolean(name: str, *, default: bool = False) -> bool:
    """Only "True", "False" or empty: "false" read as true by a lenient parser has opened many a door."""
    value = os.environ.get(name, "")
    if value == "":
        return default
    if value not in ("True", "False"):
        raise SettingError(f"{name} is {value!r}; it must be True or False.")
    return value == "True"


def number(name: str, default: float, *, minimum: float, maximum: float) -> float:
    """A number within bounds."""
    raw = os.environ.get(name, "")
    try:
        value = float(raw) if raw else default
    except ValueError:
        raise SettingError(f"{name} is {raw!r}; it must be a number.") from None
    if not minimum <= value <= maximum:
        raise SettingError(f"{name} is {value:g}; it must be between {minimum:g} and {maximum:g}.")
    return value


def words(name: str, default: list[str]) -> list[str]:
    """A list separated by commas."""
    raw = os.environ.get(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] if raw else default


def directory(name: str, default: Path) -> Path:
    """A folder, made when it is missing and readable by its owner only."""
    path = Path(text(name, str(default))).absolute()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret(name: str, file: Path) -> str:
    """A secret from the variable, from the file that `<name>_FILE` names, or made once and kept in `file`."""
    value = os.environ.get(name, "")
    if value:
        if len(value) < 32:
            raise SettingError(f"{name} has {len(value)} characters; at least 32 are needed.")
        return value
    named = os.environ.get(f"{name}_FILE", "")
    if named:
        return Path(named).read_text(encoding="utf-8").strip()
    return _kept_secret(file)


def _kept_secret(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip()
    value = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(value)
    return value
