"""Reading of JSON whose shape nobody here decides: another shape is words, never a traceback."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from agent.importing.sources.errors import SourceRefused

# A tracker's longest text that is looked at; what is longer is no title, status or name.
MAX_TEXT = 20_000
# Fields whose texts hardly ever come twice.
_UNIQUE = frozenset(
    ("id", "number", "title", "url", "created", "finished", "updated", "status_changed", "rank")
)


def as_object(value: Any, what: str) -> Mapping[str, Any]:
    """Return a JSON object. Raises: `SourceRefused` for anything else; `what` names the place."""
    if not isinstance(value, dict):
        raise other_shape(what, "an object", value)
    return cast(Mapping[str, Any], value)


def as_list(value: Any, what: str) -> list[Any]:
    """Return a JSON array. Raises: `SourceRefused` for anything else; `what` names the place."""
    if not isinstance(value, list):
        raise other_shape(what, "a list", value)
    return cast(list[Any], value)


def other_shape(what: str, expected: str, value: Any) -> SourceRefused:
    """Return the refusal of an answer in another shape."""
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "nothing"}
    kind = next((name for type_, name in kinds.items() if isinstance(value, type_)), "a number")
    return SourceRefused(
        f"The answer to {what} is {kind} instead of "
        f"{expected}: check that the URL is the tracker's own, and not that of a proxy or of "
        "another product."
    )


def object_in(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object in a field; empty for anything else."""
    value = values.get(name)
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def objects_in(values: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects in a field that is a list; others in it are left out."""
    value = values.get(name)
    if not isinstance(value, list):
        return []
    return [
        cast(Mapping[str, Any], item) for item in cast(list[Any], value) if isinstance(item, dict)
    ]


def texts_in(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts in a field that is a list; others in it are left out."""
    value = values.get(name)
    if not isinstance(value, list):
        return ()
    return tuple(text for item in cast(list[Any], value) if (text := as_text(item)))


def text_in(values: Mapping[str, Any], name: str) -> str:
    """Return a text or number in a field as a text, stripped; "" for anything else."""
    return as_text(values.get(name))


def as_text(value: Any) -> str:
    """Return a text or number as a text, stripped; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # Half a character, as a cut title leaves it, can be stored nowhere.
    return str(value)[:MAX_TEXT].encode("utf-8", "replace").decode().strip()


def number_in(values: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number >= 0 in a field; None for anything else."""
    value = values.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_number else None


def filled(values: Mapping[str, str | tuple[str, ...] | list[str]]) -> dict[str, tuple[str, ...]]:
    """Return the texts by field, without empty ones."""
    texts = {
        name: tuple(filter(None, (value,) if isinstance(value, str) else value))
        for name, value in values.items()
    }
    return {
        name: several if name in _UNIQUE else _shared(several)
        for name, several in texts.items()
        if several
    }


@lru_cache(maxsize=10_000)
def _shared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return one object for equal texts: a name stands in thousands of issues."""
    return texts
