"""Cells that hold JSON, as tables made from the answers of an API have them."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

# As GitHub's, GitLab's and Jira's APIs call what people read; the first one that is told.
_NAMES = ("displayName", "name", "title", "login", "username")
_STARTS = ("[{", '["', "{")


def named_items(text: str) -> Iterator[tuple[str, Mapping[str, object]]] | None:
    """Return each item of a cell with its name; None for a cell that is no JSON of named items.

    Such a cell is an object, or a list of objects or texts. A text is an item without fields.
    """
    if not text.startswith(_STARTS):
        return None
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    listed = cast("list[object]", content) if isinstance(content, list) else [content]
    items = [_named(item) for item in listed]
    return (item for item in items if item is not None) if any(items) else None


def json_names(text: str) -> tuple[str, ...] | None:
    """Return the names in a cell, each once; None for a cell that is no JSON of named items."""
    items = named_items(text)
    return None if items is None else tuple(dict.fromkeys(name for name, _ in items))


def _named(item: object) -> tuple[str, Mapping[str, object]] | None:
    fields = cast("dict[str, object]", item) if isinstance(item, dict) else {}
    texts: list[object] = [item, *(fields.get(name) for name in _NAMES)]
    name = next((text.strip() for text in texts if isinstance(text, str) and text.strip()), None)
    return None if name is None else (name, fields)
