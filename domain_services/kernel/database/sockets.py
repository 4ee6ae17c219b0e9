"""Test of an idle connection's socket for input, without a round trip."""

import select


def has_input(descriptor: int) -> bool:
    """Tell whether something can be read from a socket.

    A server that ends closes its connections, and a closed one is readable. Other unasked input
    (a changed setting) is rare, so that the caller can afford a round trip to tell them apart.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
