"""Cells without what spreadsheets and web pages put into them, and words for true and false."""

import re
from collections.abc import Iterable

# Marks of writing direction, zero-width characters and a byte order mark: nobody sees them.
_UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
# In English, German, French, Spanish, Portuguese, Italian and Russian.
_ERRORS = frozenset(
    [
        "#n/a",
        "#na",
        "#null!",
        "#div/0!",
        "#value!",
        "#ref!",
        "#name?",
        "#num!",
        "#spill!",
        "#calc!",
        "#error!",
        "#nv",
        "#wert!",
        "#bezug!",
        "#zahl!",
        "#null!",
        "#valeur!",
        "#nom?",
        "#nombre!",
        "#valor!",
        "#¡valor!",
        "#nombre?",
        "#¿nombre?",
        "#¡ref!",
        "#¡num!",
        "#¡div/0!",
        "#núm!",
        "#nome?",
        "#valore!",
        "#rif!",
        "#н/д",
        "#знач!",
        "#ссылка!",
        "#имя?",
        "#число!",
        "#дел/0!",
    ]
)
_TRUE = frozenset(
    [
        "true",
        "yes",
        "1",
        "x",
        "archived",
        "wahr",
        "vrai",
        "verdadero",
        "verdadeiro",
        "vero",
        "waar",
        "истина",
    ]
)
_FALSE = frozenset(["false", "no", "0", "falsch", "faux", "falso", "onwaar", "ложь"])
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}")


def cell_text(cell: str) -> str:
    """Return what a cell says: stripped, without unseen marks; "" for an error of a spreadsheet.

    An apostrophe before a value keeps a spreadsheet from reading it; it is no part of the value.
    """
    text = cell.strip()
    if not text.isascii():
        text = _UNSEEN.sub("", text).strip()
    # A quoted text has a second one, as a name with an apostrophe of its own may have.
    if text[:1] == "'" and text.count("'") == 1:
        text = text[1:].lstrip()
    return "" if text[:1] == "#" and text.casefold() in _ERRORS else text


def cell_texts(cells: Iterable[str]) -> list[str]:
    """Return what each cell says, as `cell_text` does."""
    texts = [*map(str.strip, cells)]
    # Most rows have nothing to take off, and one look at all of their cells is quick.
    row = "".join(texts)
    if "'" not in row and "#" not in row and (row.isascii() or not _UNSEEN.search(row)):
        return texts
    return [cell_text(text) for text in texts]


def flag_of(text: str) -> bool | None:
    """Return the truth that a cell says, also in a spreadsheet's own language; None for neither."""
    word = text.casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def is_rounded(text: str) -> bool:
    """Tell whether a spreadsheet rounded a long number to this text, such as `1.20736E+15`."""
    return "+" in text and _ROUNDED.fullmatch(text) is not None
