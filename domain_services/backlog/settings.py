"""Settings of the backlog service."""

from pydantic import Field

from domain_services.kernel.settings import KernelSettings


class BacklogSettings(KernelSettings):
    port: int = Field(default=8102, description="port to listen on")
