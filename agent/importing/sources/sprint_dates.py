"""Moments of trackers as days and as ISO 8601."""

import re
from datetime import UTC, date, datetime

_OFFSET = re.compile(r"([+-][0-9]{2})([0-9]{2})$")


def moment_of(text: str) -> datetime | None:
    """Read an ISO moment, such as Jira's 2026-03-05T10:00:00.000+0100; UTC without a zone.

    None for anything else.
    """
    try:
        moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_of(text: str) -> date | None:
    """Return the calendar day that is written in a moment; None for anything else."""
    moment = moment_of(text)
    return moment.date() if moment else None
