"""Ctrl-C while a command works: one line on stderr instead of a traceback, and exit code 130."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NOTHING_IMPORTED = "nothing was imported."


@contextmanager
def stoppable(outcome: str | Callable[[], str]) -> Iterator[None]:
    """Turn Ctrl-C into one line and exit code 130; `outcome` says what became of the work."""
    try:
        yield
    except KeyboardInterrupt:
        # A terminal has just written ^C.
        start = "\n" if sys.stderr.isatty() else ""
        words = outcome if isinstance(outcome, str) else outcome()
        print(f"{start}Stopped: {words}", file=sys.stderr)
        raise SystemExit(130) from None
