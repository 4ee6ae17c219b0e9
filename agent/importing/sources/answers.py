"""Words for the answers of a tracker that are no success."""

import json
from dataclasses import dataclass
from typing import Any, cast

from agent.importing.sources.errors import SourceRefused

_MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """Advice of one tracker, as sentences."""

    unauthorized: str
    """After 401: what to do about the token."""
    forbidden: str
    """After 403: the right that the token needs."""
    unknown: str
    """After 404: where to find the right name."""


def refusal_of(advice: Refusal, base: str, path: str, status: int, body: bytes) -> SourceRefused:
    """Return the refusal for an answer, with the tracker's own words where it gives some."""
    return SourceRefused(_reason(advice, base, path, status, body), answer_status=status)


def _reason(advice: Refusal, base: str, path: str, status: int, body: bytes) -> str:
    words = their_words(body)
    quoted = f' It says: "{words.rstrip(".")}".' if words else ""
    if status in (200, 203) or (body.lstrip()[:1] == b"<" and status < 400):
        return (
            f"{base}{path} answers with a web page instead of data, such as a login page. Check "
            f"the URL; then {advice.unauthorized[:1].lower()}{advice.unauthorized[1:]}"
        )
    if status == 401:
        return f"{base} does not accept the token.{quoted} {advice.unauthorized}"
    if status == 403:
        return f"{base} refuses {path} to this token.{quoted} {advice.forbidden}"
    if status in (404, 410):
        return f"{base} has no {path} for this token.{quoted} {advice.unknown}"
    return f"{base} refuses the request {path} ({status}).{quoted} Check the names that were given."


def their_words(body: bytes) -> str:
    """Return the message in a JSON refusal, on one line; "" without any."""
    try:
        values: Any = json.loads(body[:100_000])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    fields = cast(dict[str, Any], values)
    parts = [fields.get(name) for name in ("message", "errorMessages", "error", "errors")]
    words = [word for part in parts for word in _texts(part)]
    return " ".join(" ".join(words).split())[:_MAX_WORDS]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for text in cast(list[Any], value) if isinstance(text, str)]
    if isinstance(value, dict):
        return [text for text in cast(dict[str, Any], value).values() if isinstance(text, str)]
    return []
