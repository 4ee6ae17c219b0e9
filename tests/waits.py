"""Waits of the services under test: long as a rule, as shipped for tests about deadlines."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from domain_services.kernel.database import pool, session

# A machine that stands still for some seconds is no silent peer.
LONG_ENVIRONMENT = {
    "DSM_PEER_TIMEOUT_SECONDS": "20",
    "DSM_MAX_WAIT_SECONDS": "20",
    "DSM_PATIENCE": "40",
}
LONG_POOL_WAIT_SECONDS = 20.0
LONG_STATEMENT_SECONDS = 20
LONG_LOCK_SECONDS = 3

SHIPPED_POOL_WAIT_SECONDS = pool.WAIT_SECONDS
SHIPPED_STATEMENT_SECONDS = session.STATEMENT_SECONDS
SHIPPED_LOCK_SECONDS = session.LOCK_SECONDS


def lengthen() -> None:
    """Let services wait long, so that only what a test is about can end a wait."""
    os.environ.update(LONG_ENVIRONMENT)
    pool.WAIT_SECONDS = LONG_POOL_WAIT_SECONDS
    session.STATEMENT_SECONDS = LONG_STATEMENT_SECONDS
    session.LOCK_SECONDS = LONG_LOCK_SECONDS


@contextmanager
def as_shipped() -> Iterator[None]:
    """Let the services that start in the block wait as a user's do."""
    for name in LONG_ENVIRONMENT:
        os.environ.pop(name, None)
    pool.WAIT_SECONDS = SHIPPED_POOL_WAIT_SECONDS
    session.STATEMENT_SECONDS = SHIPPED_STATEMENT_SECONDS
    session.LOCK_SECONDS = SHIPPED_LOCK_SECONDS
    try:
        yield
    finally:
        lengthen()
