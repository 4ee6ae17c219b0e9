"""Whether the other end of an idle connection has something to say, without asking it."""

import select


def heard(descriptor: int) -> bool:
    """Whether something can be read from a socket: an idle PostgreSQL only ever says goodbye.

    A server that ends, however it ends, closes its connections, and a closed one is readable. What
    else may come unasked (a changed setting) is rare, so that the caller can afford a round trip.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
