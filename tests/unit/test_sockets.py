import socket

from domain_services.kernel.database.sockets import has_input


def test_a_silent_connection_has_no_input() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not has_input(ours.fileno())


def test_a_closed_connection_has_input_to_read() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        assert has_input(ours.fileno())
