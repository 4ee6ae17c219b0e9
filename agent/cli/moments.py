"""Moments as people type them: a day, a moment, or a time before now."""

import re
from datetime import UTC, datetime, timedelta

import typer

_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_moment(text: str, option: str, now: datetime) -> datetime:
    """Return the moment of `2026-03-01`, `2026-03-01T08:00` (UTC) or `30d`, `12h`, `2w` ago.

    Raises: `typer.BadParameter` that names `option`.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):  # a time before the first year
        hint = "give a day as 2026-03-01, a moment as 2026-03-01T08:00, or a time ago as 30d or 12h"
        raise typer.BadParameter(hint, param_hint=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
