"""Estimates of exports as numbers."""

import math
import re
import unicodedata
from enum import StrEnum

MAX_ESTIMATE = 1_000_000
# Hours and days are no points, so only names of points may follow the number.
_POINTS = re.compile(r"\s*(?:story\s*points?|points?|pts?|sp)\.?$", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?")
# One or a thousand: other estimates of the column tell.
_DOUBTFUL = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
_COMMA_OF_DECIMALS = re.compile(r"[0-9]{1,9},(?:[0-9]{1,2}|[0-9]{4,9})|0,[0-9]{3}")
_COMMA_OF_GROUPS = re.compile(r"[0-9]{1,9}\.[0-9]{1,2}|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,9}")
# Two different separators tell which one groups the digits; a single one is taken for a decimal.
_GROUPED = re.compile(
    r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,9}|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,9}"
    r"|[0-9]{1,3}(?:([ \u00a0\u2009\u202f'\u2019])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]{1,9})?"
)
_FRACTION = re.compile(r"([0-9]{1,9})?\s*(?:([0-9])\s*/\s*([1-9])|([\u00bc-\u00be\u2150-\u215e]))")


class Comma(StrEnum):
    """Meaning of a comma in the estimates of a file."""

    DECIMAL = "decimal"
    """`1,250` is one and a quarter."""
    GROUPS = "groups"
    """`1,250` is more than a thousand."""


def comma_of(text: str) -> Comma | None:
    """Tell what one estimate says about commas; None when it says nothing."""
    number = _POINTS.sub("", text.strip())
    if _COMMA_OF_DECIMALS.fullmatch(number):
        return Comma.DECIMAL
    return Comma.GROUPS if _COMMA_OF_GROUPS.fullmatch(number) else None


def is_doubtful(text: str) -> bool:
    """Tell whether an estimate may be one or a thousand, such as `1,250`."""
    return _DOUBTFUL.fullmatch(_POINTS.sub("", text.strip())) is not None


def estimate_of(text: str, comma: Comma | None = None, most: float = MAX_ESTIMATE) -> float | None:
    """Return the number of an estimate; None when the text is no number from 0 to `most`.

    A decimal comma, a fraction such as ½ and a unit such as `5 pts` are read. `1,250` is a number
    only where other estimates tell what their `comma` means.
    """
    number = _POINTS.sub("", text.strip())
    if is_doubtful(number):
        if comma is None:
            return None
        number = number.replace(",", "." if comma is Comma.DECIMAL else "")
    if _GROUPED.fullmatch(number):
        number = _without_groups(number)
    if _DECIMAL.fullmatch(number):
        # Exports of many European locales write 3,5.
        estimate = float(number.replace(",", "."))
    elif match := _FRACTION.fullmatch(number):
        if match[4] is None and match[1] and " " not in number:
            return None
        part = unicodedata.numeric(match[4]) if match[4] else int(match[2]) / int(match[3])
        estimate = int(match[1] or 0) + part
    else:
        return _plain_number(number, most)
    return estimate if estimate <= most else None


def _without_groups(number: str) -> str:
    decimal = number[-1 - len(re.split(r"[.,]", number)[-1])] if re.search("[.,]", number) else ""
    return "".join(letter for letter in number if letter.isdigit() or letter == decimal)


def _plain_number(text: str, most: float) -> float | None:
    """Read forms such as 1e3, which programs write."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number <= most else None
