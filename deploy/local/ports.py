"""Takes every port of a stack at once, before anything is started."""

import socket
from collections.abc import Mapping

from deploy.local.errors import PortTaken

HOST = "127.0.0.1"


def take(ports: Mapping[str, int]) -> dict[str, socket.socket]:
    """A listening socket on loopback for each service name.

    They listen at once, as a port that is only bound can still be taken; callers wait in the
    queue until the service serves. Raises: `PortTaken`, naming every port that is not free.
    """
    taken: dict[str, socket.socket] = {}
    refused: list[str] = []
    for name, port in ports.items():
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            refused.append(f"port {port} ({name}): {error.strerror}")
        else:
            taken[name] = listener
    if refused:
        for listener in taken.values():
            listener.close()
        raise PortTaken("; ".join(refused))
    return taken
