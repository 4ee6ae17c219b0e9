"""Settings of the chronicle service."""

from domain_services.kernel.settings import KernelSettings


class ChronicleSettings(KernelSettings):
    port: int = 8104
