"""One clear line on stderr for every expected failure."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from domain_services.kernel.errors import Invalid, Problem


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a `Problem` into `error: ...` and exit code 1; 2 when the input is at fault."""
    try:
        yield
    except Problem as problem:
        print(f"error: {problem.detail}", file=sys.stderr)
        raise SystemExit(2 if isinstance(problem, Invalid) else 1) from problem
