"""Settings of the sprint service."""

from typing import ClassVar

from pydantic import Field

from domain_services.kernel.settings import KernelSettings, Port


class SprintSettings(KernelSettings):
    needs_redis: ClassVar[bool] = True

    port: Port = Field(default=8103, description="port to listen on")
    # Two comparisons show a difference, and both sides must agree within 10 s.
    reconcile_seconds: float = Field(
        default=3,
        gt=0,
        le=60,
        description="time between two comparisons of the sprints' tasks with the backlog",
    )
