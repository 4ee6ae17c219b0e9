"""Reservation of a stack's ports, before anything starts."""

import socket
from collections.abc import Mapping

from deploy.errors import PortTaken

HOST = "127.0.0.1"


def take(ports: Mapping[str, int]) -> dict[str, socket.socket]:
    """Open a listening socket on loopback for each service.

    Callers wait in the queue until the service serves. Raises: `PortTaken`, naming every port
    that is not free.
    """
    listeners: dict[str, socket.socket] = {}
    refused: list[str] = []
    for name, port in ports.items():
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            # A port that is only bound can still be bound by another process.
            listener.listen(1024)
        except OSError as error:
            listener.close()
            refused.append(f"port {port} ({name}): {error.strerror}")
        else:
            listeners[name] = listener
    if refused:
        for listener in listeners.values():
            listener.close()
        raise PortTaken("; ".join(refused) + "; choose other ports with --base-port")
    return listeners
