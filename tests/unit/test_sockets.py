import socket

from domain_services.kernel.database.sockets import heard


def test_a_silent_connection_needs_no_ping() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not heard(ours.fileno())


def test_a_closed_connection_is_heard() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert heard(ours.fileno())
