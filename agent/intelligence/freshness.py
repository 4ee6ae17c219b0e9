"""Age of recorded data."""

from datetime import datetime

from domain_services.kernel.types import utc_now


def hours_since(moment: datetime | None) -> float | None:
    """Count the hours from `moment` to now; 0 for a future moment, None for an unknown one."""
    if moment is None:
        return None
    return max(0.0, round((utc_now() - moment).total_seconds() / 3600, 2))
