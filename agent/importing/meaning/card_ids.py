"""Ids of Trello's cards, whose first eight digits are the second in which the card was made."""

import re
from datetime import UTC, date, datetime

_CARD_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)
_TIME_DIGITS = 8


def creation_day(card_id: str) -> date | None:
    """Return the day (UTC) on which a card was made; None for a text that is no id of a card."""
    text = card_id.strip()
    if not _CARD_ID.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:_TIME_DIGITS], 16), UTC).date()
