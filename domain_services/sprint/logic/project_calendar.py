"""Calendar of a sprint's project: its time zone, or the day at which it is held."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain_services.kernel.types import utc_now
from domain_services.project.schema import Clock


@dataclass(frozen=True)
class Calendar:
    """Days of a project; the sprint stores them, as the project service may be away."""

    timezone: str
    """IANA name of the project's time zone."""
    as_of: date | None
    """Day at which the project is held; None: it follows the clock."""

    @property
    def clock(self) -> Clock:
        """Return whether the project follows the clock."""
        return "live" if self.as_of is None else "held"

    def today(self) -> date:
        """Return the project's today."""
        return self.day_of(utc_now())

    def day_of(self, moment: datetime) -> date:
        """Return the project's day at an aware moment, which is always `as_of` if that is set."""
        return self.as_of or self.local_day(moment)

    def local_day(self, moment: datetime) -> date:
        """Return the day of an aware moment in the time zone, also of a held project."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()
