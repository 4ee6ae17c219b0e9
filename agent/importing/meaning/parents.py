"""Parents as cells write them: an id, or an id within a text."""

import re

_NUMBER = re.compile(r"#(\d+)\b")


def parent_of(text: str) -> str | None:
    """Return the id of the parent that a cell names; None for an empty cell.

    Of `User story #12: Log in` that is `12`.
    """
    cell = " ".join(text.split())
    match = _NUMBER.search(cell)
    return (match[1] if match else cell) or None
