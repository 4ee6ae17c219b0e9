"""Age of recorded data."""

from datetime import UTC, date, datetime, time, timedelta

from domain_services.kernel.types import utc_now


def hours_since(moment: datetime | None, day: date | None = None) -> float | None:
    """Count the hours from `moment` to now; 0 for a future moment, None for an unknown one.

    `day` is the day of a project: for one that is held in the past, its end is now.
    """
    if moment is None:
        return None
    now = utc_now()
    if day is not None:
        now = min(now, datetime.combine(day + timedelta(days=1), time.min, UTC))
    return max(0.0, round((now - moment).total_seconds() / 3600, 2))
