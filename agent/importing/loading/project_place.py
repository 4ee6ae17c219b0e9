"""Country and time zone of an imported team, checked before anything is written."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent.importing.errors import CsvRefused
from domain_services.project.schema import ProjectCreate


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """Place of the imported projects; None leaves a value to the project service."""

    country: str | None = None
    """Country (ISO 3166-1) of the calendar."""
    subdivision: str | None = None
    """Part of the country with its own holidays."""
    timezone: str | None = None
    """IANA time zone of the projects' day."""

    @property
    def values(self) -> dict[str, str]:
        """Values that were given, by the name of their field."""
        fields = (
            ("country", self.country),
            ("subdivision", self.subdivision),
            ("timezone", self.timezone),
        )
        return {name: value for name, value in fields if value is not None}

    def today(self) -> date:
        """Return today's date in the time zone, or in UTC without one."""
        zone = ZoneInfo(self.timezone) if self.timezone else UTC
        return datetime.now(zone).date()


UNKNOWN_PLACE = ProjectPlace()


def parse_place(country: str | None, subdivision: str | None, timezone: str | None) -> ProjectPlace:
    """Check the place by the project service's own type.

    Raises: `CsvRefused` for a code of another form or an unknown zone.
    """
    place = ProjectPlace(
        country.upper() if country else None,
        subdivision.upper() if subdivision else None,
        timezone or None,
    )
    try:
        ProjectCreate.model_validate({"id": "P", "name": "Place"} | place.values)
    except ValidationError as error:
        field = str(error.errors(include_url=False)[0]["loc"][0])
        examples = {"country": "DE", "subdivision": "BY", "timezone": "Europe/Berlin"}
        raise CsvRefused(
            f"--{field} {place.values[field]!r} is not known; give one such as {examples[field]}."
        ) from error
    return place
