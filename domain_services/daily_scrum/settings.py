"""Settings of the daily-scrum service."""

from datetime import date

from pydantic import Field

from domain_services.kernel.settings import KernelSettings


class DailyScrumSettings(KernelSettings):
    port: int = 8106
    daily_scrum_sunset: date = Field(
        default=date(2027, 11, 1), description="from this day on the service may be gone"
    )
