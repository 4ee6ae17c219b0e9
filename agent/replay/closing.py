"""Close a process: no network, no other process, no written file, no clock.

For the process of a replay alone, which may run a person's own rules. It cannot be opened again.
"""

import datetime
import os
import sys
import time
from typing import Any

# Audit events of the interpreter. A hook cannot be removed, and code that is loaded later meets it.
_CLOSED = ("socket.", "subprocess.", "ctypes.", "pty.", "ftplib.", "http.client.", "urllib.")
_CLOSED_CALLS = frozenset(
    {
        "os.system",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.kill",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.mkdir",
        "os.truncate",
        "os.link",
        "os.symlink",
    }
)
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep", "localtime")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Unreachable(Exception):
    """Use of something that no replay reaches."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"a replay reaches no network, process, file or clock ({what}); decide by the facts"
            " that the rule is given, such as facts.today"
        )


def close() -> None:
    """Close this process for good, for all code that runs in it from now on."""
    _stop_clocks()
    sys.dont_write_bytecode = True
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_CLOSED) or event in _CLOSED_CALLS:
        raise Unreachable(event)
    if event == "open" and len(arguments) > 2 and _writes(arguments[2]):
        raise Unreachable(f"open {arguments[0]}")


def _writes(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & _WRITING)


def _stop_clocks() -> None:
    for name in _CLOCKS:
        setattr(time, name, _stopped(f"time.{name}"))
    # The classes themselves cannot be changed. What was imported before keeps the real ones.
    datetime.date = _Date  # pyright: ignore[reportAttributeAccessIssue]
    datetime.datetime = _Datetime  # pyright: ignore[reportAttributeAccessIssue]


def _stopped(name: str) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise Unreachable(name)

    return refuse


_REAL_DATE, _REAL_DATETIME = datetime.date, datetime.datetime


class _OfRealDates(type):
    """A real date is one of these too: a rule may ask `isinstance(facts.today, date)`."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _REAL_DATETIME if cls.__name__ == "_Datetime" else _REAL_DATE)


class _Date(datetime.date, metaclass=_OfRealDates):
    today = _stopped("date.today")


class _Datetime(datetime.datetime, metaclass=_OfRealDates):
    now = _stopped("datetime.now")
    utcnow = _stopped("datetime.utcnow")
    today = _stopped("datetime.today")
