"""Settings of the chronicle service."""

from pydantic import Field

from domain_services.kernel.settings import KernelSettings, Port


class ChronicleSettings(KernelSettings):
    """Settings of the chronicle service, beside those of every service."""

    port: Port = Field(default=8104, description="port to listen on")
