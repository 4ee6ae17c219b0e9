"""Settings of the daily-scrum service."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from domain_services.kernel.settings import KernelSettings, Port


class DailyScrumSettings(KernelSettings):
    needs_redis: ClassVar[bool] = True

    port: Port = Field(default=8106, description="port to listen on")
    daily_scrum_sunset: date = Field(
        default=date(2027, 11, 1), description="day announced in the Sunset header"
    )
    keep_scrum_runs_days: int = Field(
        default=180, ge=0, description="days for which answers of simulated days stay; 0: for good"
    )
