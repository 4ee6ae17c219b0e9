"""Numbers of graphs/thresholds.py turned for a while, to see what they are worth."""

from collections.abc import Iterator
from contextlib import contextmanager

from graphs.evidence import commitment, distribution, neighbours, throughput

# Where each number is read.
USERS = {
    "SMOOTHING_FACTORS": throughput,
    "LENGTH_POWER": throughput,
    "PLAN_WEIGHT": commitment,
    "RATIO_WEIGHT": commitment,
    "NEIGHBOUR_WEIGHT": neighbours,
    "DISPERSION_WEIGHT": distribution,
}


@contextmanager
def turned(**numbers: object) -> Iterator[None]:
    """Everything inside reads `numbers` instead of the real ones."""
    before = {name: getattr(USERS[name], name) for name in numbers}
    try:
        for name, value in numbers.items():
            setattr(USERS[name], name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(USERS[name], name, value)
