"""Settings of the project service."""

from domain_services.kernel.settings import KernelSettings


class ProjectSettings(KernelSettings):
    port: int = 8101
