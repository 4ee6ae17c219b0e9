"""Settings of the backlog service."""

from domain_services.kernel.settings import KernelSettings


class BacklogSettings(KernelSettings):
    port: int = 8102
