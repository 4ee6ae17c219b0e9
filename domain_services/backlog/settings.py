"""Settings of the backlog service."""

from typing import ClassVar

from pydantic import Field

from domain_services.kernel.settings import KernelSettings, Port


class BacklogSettings(KernelSettings):
    needs_redis: ClassVar[bool] = True

    port: Port = Field(default=8102, description="port to listen on")
