"""Start of a served process: its settings, and the address that it may listen on."""

import socket
from ipaddress import ip_address
from typing import Any

from deploy.catalogue import ServiceSpec, resolve
from deploy.environment import read_environment
from deploy.errors import PortTaken, StackError
from domain_services.kernel.settings import KernelSettings

_BACKLOG = 2048


def read_settings(spec: ServiceSpec, **values: Any) -> KernelSettings:
    """Read a service's settings from the environment, except `values`.

    Raises: `StackError` naming wrong ones.
    """
    try:
        return read_environment(resolve(spec.settings), **values)
    except StackError as error:
        raise StackError(f"{spec.name} cannot start: {error}") from None


def refuse_missing_stores(spec: ServiceSpec, settings: KernelSettings) -> None:
    """Refuse to start without a store that the service needs. Raises: `StackError`."""
    stores = [
        ("database", "DSM_DATABASE_URL", spec.migrations is not None, settings.database_url),
        ("Redis", "DSM_REDIS_URL", settings.needs_redis, settings.redis_url),
    ]
    for store, setting, is_needed, url in stores:
        if is_needed and url is None:
            raise StackError(f"{spec.name} cannot start: no {store} is set; set {setting}")


def refuse_open_door(spec: ServiceSpec, settings: KernelSettings) -> None:
    """Refuse an address that others reach without keys to check them. Raises: `StackError`."""
    if not settings.auth.keys and not is_loopback(settings.host):
        raise StackError(
            f"{spec.name} would listen on {settings.host} without any API key;"
            " set DSM_AUTH__KEYS, or DSM_HOST=127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches `host`; False for a name other than localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket. Raises: `PortTaken`."""
    is_ipv6 = ":" in host
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if is_ipv6 else socket.AF_INET,
            backlog=_BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise PortTaken(
            f"cannot listen on {host} port {port}: {reason}; set DSM_HOST and DSM_PORT"
        ) from error
