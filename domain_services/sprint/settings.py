"""Settings of the sprint service."""

from pydantic import Field

from domain_services.kernel.settings import KernelSettings


class SprintSettings(KernelSettings):
    port: int = Field(default=8103, description="port to listen on")
