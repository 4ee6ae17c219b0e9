"""Settings of the sprint service."""

from domain_services.kernel.settings import KernelSettings


class SprintSettings(KernelSettings):
    port: int = 8103
