"""The days of a sprint: those of its project's time zone, or the day that an import lives at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain_services.kernel.types import utc_now


@dataclass(frozen=True)
class Calendar:
    """What a sprint keeps of its project, so that a day is known while the project is silent."""

    timezone: str
    as_of: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Calendar":
        """From a row with `timezone` and `as_of`."""
        return cls(row["timezone"], row["as_of"])

    def today(self) -> date:
        return self.day_of(utc_now())

    def day_of(self, moment: datetime) -> date:
        """The project's day at an aware moment; always `as_of` when the project lives at a day."""
        return self.as_of or moment.astimezone(ZoneInfo(self.timezone)).date()
