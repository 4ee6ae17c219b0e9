"""Failures of PostgreSQL in words: which of them are the store's, to be tried again later."""

import re
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg_pool import PoolClosed, TooManyRequests
from psycopg_pool import PoolTimeout as PsycopgPoolTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain_services.kernel.errors import Unavailable

Effect = Literal["cannot be written", "does not answer", "is busy"]


@dataclass(frozen=True)
class Outage:
    """Trouble of a store that says nothing about the statement: later it may succeed."""

    effect: Effect
    """What callers notice."""
    reason: str | None = None
    """Cause in words; None when none is known."""

    def sentence(self, store: str = "the database") -> str:
        """Say what is wrong with `store`."""
        end = "" if self.reason is None else f": {self.reason}"
        return f"{store} {self.effect}{end}"


_LEAVING = Outage("does not answer", "it is starting, stopping or recovering")
_FULL = Outage("cannot be written", "the disk is full")
_READ_ONLY = Outage("cannot be written", "it is read-only")
_CROWDED = Outage("does not answer", "all its connections are taken")
_ROLE = Outage("does not answer", "it refuses the role of the service")
_FILES = Outage("cannot be written", "it cannot use its files; see its log")

# By SQLSTATE, or by its class of two characters.
_BY_STATE: dict[str, Outage] = {
    "08": Outage("does not answer"),
    "25006": _READ_ONLY,
    "25P03": Outage("is busy", "a transaction took too long"),
    "25P04": Outage("is busy", "a transaction took too long"),
    "28": _ROLE,
    "3D000": Outage("does not answer", "there is no database of that name"),
    "40": Outage("is busy", "transactions disturbed each other"),
    "42501": Outage("cannot be written", "the role of the service lacks a permission"),
    "53100": _FULL,
    "53200": Outage("does not answer", "it has no memory left"),
    "53300": _CROWDED,
    "53": Outage("does not answer", "it lacks a resource; see its log"),
    "55P03": Outage("is busy", "a row or table is locked"),
    "55006": Outage("is busy", "a row or table is locked"),
    "57014": Outage("is busy", "a statement took too long"),
    "57": _LEAVING,
    "58": _FILES,
    "XX001": _FILES,
    "XX002": _FILES,
}
# A refused connection has no SQLSTATE: libpq passes the server's text on.
_BY_TEXT: tuple[tuple[re.Pattern[str], Outage], ...] = (
    (re.compile("No space left|could not extend file|Disk quota exceeded|File too large"), _FULL),
    (re.compile("too many clients|connection slots|too many connections"), _CROWDED),
    (re.compile("starting up|shutting down|recovery|not yet accepting"), _LEAVING),
    (re.compile("read-only transaction"), _READ_ONLY),
    (re.compile("authentication|permission denied|role .* (does not exist|is not perm)"), _ROLE),
)
_SILENT = Outage("does not answer")


def outage(error: BaseException) -> Outage | None:
    """Return the trouble of a store that an error tells of; None when the statement is at fault.

    `error` is SQLAlchemy's, psycopg's or a pool's; any other has no trouble of a store.
    """
    if isinstance(error, PoolTimeout | PsycopgPoolTimeout | TooManyRequests):
        return Outage("does not answer", "no connection was free in time")
    if isinstance(error, PoolClosed):
        return Outage("does not answer", "this process ends")
    if isinstance(error, DBAPIError):
        known = None if error.orig is None else outage(error.orig)
        return known or (_SILENT if error.connection_invalidated else None)
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate
    known = _BY_STATE.get(state) or _BY_STATE.get(state[:2]) if state else None
    if known is not None:
        return known
    message = str(error)
    for pattern, result in _BY_TEXT:
        if (state is None or state == "XX000") and pattern.search(message):
            return result
    return _SILENT if state is None and isinstance(error, psycopg.OperationalError) else None


def unavailable(error: BaseException, store: str = "the database") -> Unavailable | None:
    """Return the answer to a request that met the trouble of a store; None for another error."""
    trouble = outage(error)
    return None if trouble is None else Unavailable(trouble.sentence(store))
