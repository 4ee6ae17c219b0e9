"""Shorten a JSON document step by step, and remember how much of each part is left."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

_SHORTEST_TEXT = 200  # characters; below it a text is worth more than the room
# Members of a mapping by name, such as one entry for each person, are cut like a list.
_MOST_MEMBERS = 20

Cuts = dict[str, "Cut"]


@dataclass(frozen=True)
class Cut:
    """A part that was shortened: its beginning is left."""

    kept: int
    """Entries or characters that are left."""
    total: int
    """Those that there are."""

    def __str__(self) -> str:
        return f"{self.total - self.kept} of {self.total} left out"


@dataclass(frozen=True)
class _Part:
    """A list, mapping or text in its holder."""

    path: str
    holder: Any
    key: Any

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def shorten(document: dict[str, Any], fits: Callable[[Cuts], bool]) -> Cuts | None:
    """Halve the part that takes most of the room, in place, until the document fits.

    `fits` gets the cuts by path so far. None when nothing more can be halved.
    """
    cuts: Cuts = {}
    while not fits(cuts):
        part = _heaviest(document, "")
        if part is None:
            return None
        _halve(part, cuts)
    return cuts


def join(path: str, key: Any) -> str:
    """Return the path of a member: names and positions, joined by dots."""
    return f"{path}.{key}" if path else str(key)


def size_of(value: Any) -> int:
    """Count the characters of a value as JSON."""
    return len(json.dumps(value, default=str))


def _heaviest(holder: Any, path: str) -> _Part | None:
    """Find the part to halve: deeper and deeper into what takes most of the room."""
    is_mapping = isinstance(holder, dict)
    members: list[tuple[Any, Any]] = list(
        cast(Any, holder.items() if is_mapping else enumerate(holder))
    )
    parts = [(size_of(member), key) for key, member in members if _is_part(member)]
    for size, key in sorted(parts, key=lambda part: -part[0]):
        part = _Part(join(path, key), holder, key)
        value = part.value
        if isinstance(value, str):
            return part
        if _is_even(value, size):
            return part
        deeper = _heaviest(value, part.path)
        if deeper is not None:
            return deeper
        if len(value) > 1:
            return part
    return None


def _is_part(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) > _SHORTEST_TEXT
    return isinstance(value, list | dict) and bool(cast("list[Any]", value))


def _is_even(value: Any, size: int) -> bool:
    """Check that a container has many members, none of which takes half of its room."""
    mapping = cast("dict[str, Any]", value)
    members: list[Any] = list(mapping.values()) if isinstance(value, dict) else value
    if len(members) < (_MOST_MEMBERS if isinstance(value, dict) else 2):
        return False
    return 2 * max(map(size_of, members)) <= size or len(members) > size // 100


def _halve(part: _Part, cuts: Cuts) -> None:
    value, path = part.value, part.path
    before = cuts.get(path)
    # A text that was cut before ends in a mark.
    length = before.kept if before else len(value)
    half = max(1, length // 2)
    total = before.total if before else length
    if isinstance(value, str):
        part.holder[part.key] = value[:half] + "..."
    elif isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        part.holder[part.key] = dict(list(members.items())[:half])
    else:
        part.holder[part.key] = value[:half]
    cuts[path] = Cut(half, total)
    _forget_missing(part, cuts)


def _forget_missing(part: _Part, cuts: Cuts) -> None:
    """Forget cuts inside of entries that are left out now."""
    if isinstance(part.value, str):
        return
    members = cast("dict[str, Any]", part.value)
    names: list[Any] = list(members if isinstance(part.value, dict) else range(len(members)))
    present = tuple(join(part.path, name) for name in names)
    for path in [path for path in cuts if path.startswith(f"{part.path}.")]:
        if not any(path == name or path.startswith(f"{name}.") for name in present):
            del cuts[path]
