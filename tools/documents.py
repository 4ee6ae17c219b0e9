"""Long documents for a model: shortened to fit, and read on part by part."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import BaseModel

from tools.answers import MOST_CHARACTERS, Answer, clean, measure
from tools.shortening import Cuts, join, shorten, size_of

_POSITION = re.compile("[0-9]{1,9}")
_TOO_LONG = "the answer is too long to be read at once"
_READ_ON = "what `shortened` names is read by part and offset"


def document(answer: object, part: str | None = None, offset: int = 0) -> Answer:
    """Return a document within bounds; `shortened` counts what is missing and names its parts.

    `part` is one of these paths: only that part is answered, from the entry or character `offset`
    on, with `next` until its end.
    """
    whole: Answer = clean(answer if isinstance(answer, BaseModel | Mapping) else {})
    if part is not None:
        return _page(whole, part, offset)
    if offset:
        return _refusal("offset counts in a part; name the part, too", whole)
    return _shortened(whole, _names_itself) or _refusal(_TOO_LONG, whole)


def bounded(answer: object) -> Answer:
    """Return a document within bounds that is read no further; `shortened` counts what misses."""
    whole: Answer = clean(answer if isinstance(answer, BaseModel | Mapping) else {})
    return _shortened(whole, None) or {"shortened": {"answer": _TOO_LONG}}


def _shortened(whole: Answer, path_of: Callable[[str], str] | None) -> Answer | None:
    """Shorten a document until it fits; None when it cannot be.

    `path_of` gives the path by which a part is read on; None: no part is.
    """

    def with_notes(cuts: Cuts) -> Answer:
        if not cuts:
            return whole
        if path_of is None:
            return {**whole, "shortened": {path: str(cut) for path, cut in cuts.items()}}
        notes = {
            path_of(path): f"{cut}; part={path_of(path)}, offset={cut.kept}"
            for path, cut in cuts.items()
        }
        return {"next": _READ_ON, **whole, "shortened": notes}

    cuts = shorten(whole, lambda cuts: measure(with_notes(cuts)) <= MOST_CHARACTERS)
    return None if cuts is None else with_notes(cuts)


def _names_itself(path: str) -> str:
    return path


def _page(whole: Answer, part: str, offset: int) -> Answer:
    """Return a page of one part of a document."""
    exists, value = _resolve(whole, part)
    if not exists:
        return _refusal(f"the answer has no part {part[:100]!r}", whole)
    if not isinstance(value, str | list | dict):
        return {"part": part, "value": value}
    mapping = isinstance(value, dict)
    entries: Any = list(cast("dict[str, Any]", value).items()) if mapping else cast(Any, value)
    count = min(len(entries) - offset, MOST_CHARACTERS)
    while True:
        chosen = entries[offset : offset + max(count, 0)]
        answer = _page_of(part, value, chosen, offset, len(entries))
        size = measure(answer)
        if size <= MOST_CHARACTERS:
            return answer
        if count <= 1:
            name = offset if isinstance(value, list) else str(chosen[0][0])
            return _shortened(answer, _inside(part, name, value)) or _refusal(_TOO_LONG, whole)
        count = max(1, min(count - 1, count * MOST_CHARACTERS // size))


def _inside(part: str, name: object, value: Any) -> Callable[[str], str]:
    """Return how the parts of a page's only entry are named in the document as a whole."""
    here = join("entries", 0 if isinstance(value, list) else name)
    return lambda path: join(part, name) + path.removeprefix(here)


def _page_of(part: str, value: Any, chosen: Any, offset: int, total: int) -> Answer:
    name = "text" if isinstance(value, str) else "entries"
    end = offset + len(chosen)
    answer = {
        "part": part,
        name: dict(chosen) if isinstance(value, dict) else chosen,
        "shown": len(chosen),
        "total": total,
        "left_out": total - len(chosen),
    }
    return answer | ({"next": f"ask on with part={part}, offset={end}"} if end < total else {})


def _resolve(value: Any, path: str) -> tuple[bool, Any]:
    """Return the value at a path, and whether there is one; names may hold dots themselves."""
    if isinstance(value, list):
        position, _, rest = path.partition(".")
        entries = cast("list[Any]", value)
        if _POSITION.fullmatch(position) is None or int(position) >= len(entries):
            return False, None
        return _resolve(entries[int(position)], rest) if rest else (True, entries[int(position)])
    if not isinstance(value, dict):
        return False, None
    members = cast("dict[str, Any]", value)
    if path in members:
        return True, members[path]
    for name, member in members.items():
        if path.startswith(f"{name}."):
            exists, inner = _resolve(member, path[len(name) + 1 :])
            if exists:
                return True, inner
    return False, None


def _refusal(detail: str, whole: Answer) -> Answer:
    """Refuse a page, and name the parts of the document, the longest first."""
    names = sorted(whole, key=lambda name: -size_of(whole[name]))[:20]
    return {
        "error": "invalid_arguments",
        "detail": detail,
        "next": f"name a part of the answer, such as {', '.join(name[:60] for name in names)}",
    }
