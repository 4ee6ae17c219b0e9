"""Settings of the project service."""

from pydantic import Field

from domain_services.kernel.settings import KernelSettings


class ProjectSettings(KernelSettings):
    port: int = Field(default=8101, description="port to listen on")
