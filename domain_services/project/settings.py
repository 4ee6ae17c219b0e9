"""Settings of the project service."""

from pydantic import Field

from domain_services.kernel.settings import KernelSettings, Port


class ProjectSettings(KernelSettings):
    """Settings of the project service, beside those of every service."""

    port: Port = Field(default=8101, description="port to listen on")
