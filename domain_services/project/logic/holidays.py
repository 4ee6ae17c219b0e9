"""Public holidays, from the `holidays` package."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays as calendars
from holidays.constants import PUBLIC

from domain_services.kernel.errors import Invalid

DEFAULT_COUNTRY = "US"


@dataclass(frozen=True)
class PublicYear:
    """One year of a country's calendar.

    `weekend` holds weekdays (Monday is 0); `workdays` are days of a weekend that are worked, as
    some countries order to make up for a bridge.
    """

    holidays: Mapping[date, str]
    weekend: frozenset[int]
    workdays: frozenset[date]


def is_known(country: str, subdivision: str | None) -> bool:
    """Whether there is a calendar for the country (ISO 3166-1) and its subdivision."""
    supported = calendars.list_supported_countries()
    return country in supported and (subdivision is None or subdivision in supported[country])


def require_known(country: str, subdivision: str | None) -> None:
    """Raises: `Invalid` when there is no calendar for the place."""
    if not is_known(country, subdivision):
        place = "-".join(filter(None, [country, subdivision]))
        raise Invalid(f"no holiday calendar is known for {place}")


# A year takes 0.2 to 1 ms to compute, and 100 ms the first time in a process; asked again it takes
# less than a microsecond.
@lru_cache(maxsize=1024)
def of_year(country: str, subdivision: str | None, year: int) -> PublicYear:
    """The calendar of a year; the place must be known."""
    found = calendars.country_holidays(
        country, subdiv=subdivision, years=(year,), categories=(PUBLIC,)
    )
    return PublicYear(
        holidays=dict(sorted((day, name) for day, name in found.items() if day.year == year)),
        weekend=frozenset(found.weekend),
        workdays=frozenset(day for day in found.weekend_workdays if day.year == year),
    )
