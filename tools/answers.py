"""Shape of the answers that a model reads: bounded, plain data, and safe to put into a prompt."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

MOST_CHARACTERS = 8_000
"""Length of an answer as JSON."""
LONGEST_TEXT = 1_000
"""Length of a text in a row of a list."""
# Control characters, direction marks, line separators and invisible tags: they change what a
# person sees, or where a message seems to end. Tabs and line feeds stay: JSON escapes them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_REPLACEMENT = "\ufffd"

Answer = dict[str, Any]
Row = Mapping[str, Any]


def listing(
    name: str,
    rows: Sequence[Row],
    *,
    offset: int = 0,
    total: int | None = None,
    more: bool = False,
    narrow: str = "",
    **around: Any,
) -> Answer:
    """Make the answer `{name: rows, shown, left_out, next, ...}` with as many rows as fit.

    `total` counts all rows there are; None: not known, then `more` tells of a next page. `narrow`
    says how to ask for fewer; `around` are further members.
    """
    cleaned = [_with_short_texts(row) for row in clean(list(rows))]
    members: Answer = clean(around)
    shown = len(cleaned)
    while True:
        has_more = more or shown < len(cleaned)
        answer = members | _page(name, cleaned[:shown], offset, total, has_more, narrow)
        size = measure(answer)
        if shown <= 1 or size <= MOST_CHARACTERS:
            return answer
        shown = max(1, min(shown - 1, shown * MOST_CHARACTERS // size))


def _page(
    name: str, rows: list[Any], offset: int, total: int | None, has_more: bool, narrow: str
) -> Answer:
    end = offset + len(rows)
    answer: Answer = {name: rows, "shown": len(rows)}
    if total is not None:
        has_more = total > end
        answer |= {"total": total, "left_out": max(total - len(rows), 0)}
    elif has_more:
        answer["left_out"] = "some; how many is not known"
    if has_more and rows:
        answer["next"] = f"ask for more with offset={end}" + (f", {narrow}" if narrow else "")
    return answer


def visible(text: str) -> str:
    """Replace the hidden characters of a text."""
    return _HIDDEN.sub(_REPLACEMENT, text)


def clean(value: Any) -> Any:
    """Return a value as JSON data with hidden characters replaced."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, BaseModel):
        return clean(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        members = cast(Mapping[Any, Any], value)
        return {clean(str(key)): clean(member) for key, member in members.items()}
    if isinstance(value, list | tuple):
        return [clean(member) for member in cast(Sequence[Any], value)]
    return value if isinstance(value, int | float | None) else str(value)


def _with_short_texts(row: Row) -> Row:
    """Cut the long texts of a row, and say how much is left out."""
    return {
        name: f"{value[:LONGEST_TEXT]}... ({len(value) - LONGEST_TEXT} characters left out)"
        if isinstance(value, str) and len(value) > LONGEST_TEXT
        else value
        for name, value in row.items()
    }


def render(answer: object) -> str:
    """Write an answer as the JSON text that a model reads.

    Signs of markup are escaped: no text of a title can look like the end of a message.
    """
    return escape(json.dumps(answer, ensure_ascii=False, default=str))


def escape(text: str) -> str:
    """Escape the signs of markup in a JSON text; the data stay the same."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def measure(answer: object) -> int:
    """Count the characters of an answer as JSON, in the longer of the usual two forms."""
    return max(len(json.dumps(answer, default=str)), len(render(answer)))
