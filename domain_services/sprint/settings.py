"""Settings of the sprint service."""

from typing import ClassVar

from pydantic import Field

from domain_services.kernel.settings import KernelSettings, Port


class SprintSettings(KernelSettings):
    needs_redis: ClassVar[bool] = True

    port: Port = Field(default=8103, description="port to listen on")
