"""Open and idle connections of one server, bounded by the address of the peer."""

from collections import defaultdict
from ipaddress import IPv6Address
from typing import Protocol

from domain_services.kernel.http_limits import HttpLimits

_SUBNET_BITS = 64


class Connection(Protocol):
    """Connection that can be closed while it is idle."""

    peer: str

    def close_idle(self) -> None: ...


class Connections:
    """Connections of one server."""

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._open: dict[str, int] = defaultdict(int)
        # Oldest first: a dict keeps the order in which keys came.
        self._idle: dict[str, dict[Connection, None]] = defaultdict(dict)
        self.count = 0
        """Number of open connections."""

    def join(self, connection: Connection) -> bool:
        """Count a new connection; False when there are too many, of its peer or of all."""
        peer = connection.peer
        self.count += 1
        self._open[peer] += 1
        fits = self._make_room(peer)
        if fits:
            self.set_idle(connection)
        return fits

    def is_flooded(self, peer: str) -> bool:
        """Return whether so many connections are open that refusing one politely costs too much."""
        limits = self._limits
        return (
            self._open[peer] > 2 * limits.connections_per_peer
            or self.count > 2 * limits.connections
        )

    def leave(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        peer = connection.peer
        self.set_busy(connection)
        self.count -= 1
        self._open[peer] -= 1
        if not self._open[peer]:
            del self._open[peer]
            self._idle.pop(peer, None)

    def set_idle(self, connection: Connection) -> None:
        """Mark a connection as one without a request; may close the oldest of its peer."""
        idle = self._idle[connection.peer]
        idle[connection] = None
        if len(idle) > self._limits.idle_per_peer:
            next(iter(idle)).close_idle()

    def set_busy(self, connection: Connection) -> None:
        """Mark a connection as one with a request."""
        self._idle[connection.peer].pop(connection, None)

    def _make_room(self, peer: str) -> bool:
        """Close an idle connection when a limit is passed; False without one to close."""
        if self._open[peer] > self._limits.connections_per_peer:
            idle = self._idle[peer]
        elif self.count > self._limits.connections:
            idle = max(self._idle.values(), key=len, default=None)
        else:
            return True
        if not idle:
            return False
        next(iter(idle)).close_idle()
        return True


def peer_of(client: tuple[str, int] | None) -> str:
    """Return the address that a connection counts for: of IPv6 the /64, "" of a local socket."""
    if client is None:
        return ""
    host = client[0]
    if ":" not in host:
        return host
    address = IPv6Address(host.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    # One machine has all addresses of its subnet.
    return f"{IPv6Address(int(address) >> _SUBNET_BITS << _SUBNET_BITS)}/{_SUBNET_BITS}"
