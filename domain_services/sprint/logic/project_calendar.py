"""Calendar of a sprint's project: its time zone, or the fixed day of an import."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain_services.kernel.types import utc_now


@dataclass(frozen=True)
class Calendar:
    """Days of a project; the sprint stores them, as the project service may be away."""

    timezone: str
    """IANA name of the project's time zone."""
    as_of: date | None
    """Day that an imported project lives at; None: today."""

    def today(self) -> date:
        """Return the project's today."""
        return self.day_of(utc_now())

    def day_of(self, moment: datetime) -> date:
        """Return the project's day at an aware moment, which is always `as_of` if that is set."""
        return self.as_of or moment.astimezone(ZoneInfo(self.timezone)).date()
