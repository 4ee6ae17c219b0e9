"""Shorten a JSON document step by step, the longest part first."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

_SHORTEST_TEXT = 200  # characters; below it a text is worth more than the room


@dataclass(frozen=True)
class _Part:
    """A list, mapping or text that can be halved."""

    path: str
    """Names of the members that lead to it, joined by dots."""
    holder: Any
    """List or mapping that holds it."""
    key: Any
    """Its place in the holder."""
    size: int
    """Length as JSON, in characters."""


def shorten(document: dict[str, Any], counts: dict[str, int]) -> bool:
    """Halve the largest part in place; False when nothing can be halved.

    `counts` gets the entries or characters that were left out, by path.
    """
    # The deepest of the largest parts: a list of one long text is shortened in the text.
    largest = max(_parts(document, ""), key=lambda part: part.size, default=None)
    if largest is None:
        return False
    value = largest.holder[largest.key]
    half, missing = _halve(value)
    largest.holder[largest.key] = half
    counts[largest.path] = counts.get(largest.path, 0) + missing
    return True


def _halve(value: Any) -> tuple[Any, int]:
    half = len(value) // 2
    if isinstance(value, str):
        return value[:half] + "...", len(value) - half
    if isinstance(value, dict):
        members = cast(dict[str, Any], value)
        return dict(list(members.items())[:half]), len(members) - half
    return value[:half], len(value) - half


def _parts(holder: Any, path: str) -> Iterator[_Part]:
    is_mapping = isinstance(holder, dict)
    members = cast(Any, holder.items() if is_mapping else enumerate(holder))
    for key, member in members:
        below = f"{path}.{key}".lstrip(".") if is_mapping else path
        if isinstance(member, str):
            if len(member) > _SHORTEST_TEXT:
                yield _Part(below, holder, key, len(json.dumps(member)))
        elif isinstance(member, list | dict):
            if len(cast("list[Any]", member)) > 1:
                yield _Part(below, holder, key, len(json.dumps(member)))
            yield from _parts(member, below)
