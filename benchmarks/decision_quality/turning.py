"""Turn numbers of graphs/thresholds.py for a while, to see what they are worth."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from graphs.evidence import commitment, distribution, expectation, neighbours, pace, spread

# Modules that read each number.
USERS: dict[str, tuple[ModuleType, ...]] = {
    "LENGTH_POWER": (pace,),
    "PRIOR_SPRINTS": (pace, neighbours),
    "MIDDLE_TO_MEAN": (pace,),
    "PLAN_WEIGHT": (commitment,),
    "RATIO_WEIGHT": (commitment,),
    "DISPERSION_WEIGHT": (spread,),
    "UNFORESEEN": (distribution,),
    "LEVEL_CORRELATION": (expectation,),
}


@contextmanager
def turned(**numbers: object) -> Iterator[None]:
    """Let everything inside read `numbers` instead of the real ones."""
    before = {name: getattr(USERS[name][0], name) for name in numbers}
    try:
        _set(numbers)
        yield
    finally:
        _set(before)


def _set(numbers: dict[str, object]) -> None:
    for name, value in numbers.items():
        for module in USERS[name]:
            setattr(module, name, value)
