"""Refused rows by their reasons."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.importing.tasks import Refusal

# The value at fault differs from row to row.
_VALUE = re.compile(r"^(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")


@dataclass(slots=True)
class RefusalReason:
    """Rows that are refused for one reason."""

    text: str
    """Column and reason, with the value of the first row."""
    count: int
    """Number of rows."""
    first_row: int
    """Line of the first row."""


def summarise(refusals: Iterable[Refusal]) -> list[RefusalReason]:
    """Count refused rows by column and reason, the most frequent first."""
    reasons: dict[tuple[str, str], RefusalReason] = {}
    for refusal in refusals:
        key = (refusal.column, _VALUE.sub("", refusal.reason))
        known = reasons.get(key)
        if known is None:
            column = f"{refusal.column}: " if refusal.column else ""
            reasons[key] = RefusalReason(f"{column}{refusal.reason}", 1, refusal.row)
        else:
            known.count += 1
    return sorted(reasons.values(), key=lambda reason: -reason.count)
