"""Start of a served process: its settings, and the address that it may listen on."""

import socket
from ipaddress import ip_address

from pydantic import ValidationError
from pydantic_settings import SettingsError

from deploy.catalogue import ServiceSpec, resolve
from deploy.errors import PortTaken, StackError
from domain_services.kernel.settings import KernelSettings

_BACKLOG = 2048


def read_settings(spec: ServiceSpec, **values: object) -> KernelSettings:
    """Read a service's settings from the environment, except `values`.

    Raises: `StackError` naming wrong ones.
    """
    try:
        return resolve(spec.settings)(**values)
    except SettingsError as error:
        raise StackError(f"{spec.name} cannot start: {error}; JSON is expected there") from None
    except ValidationError as error:
        # Without the values: a key or a password may be among them.
        wrong = "; ".join(
            f"DSM_{'__'.join(str(part) for part in entry['loc']).upper()}:"
            f" {entry['msg'].removeprefix('Value error, ')}"
            for entry in error.errors(include_input=False)
        )
        raise StackError(f"{spec.name} cannot start: {wrong}") from None


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
