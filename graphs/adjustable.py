"""Numbers that a replay may change, by name, each with its range.

A number of `graphs/thresholds.py` decides in many modules, which take it over when they are
imported. So a replay with another one sets it before those modules are imported, in a process of
its own (`agent/replay/worker.py`).
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from pydantic import ValidationError

from domain_services.kernel.errors import Invalid
from graphs import thresholds
from graphs.changes import Changes
from memory.episode import ModeName


@dataclass(frozen=True)
class Limits:
    """Values that a number may have."""

    low: float
    """Least value, included."""
    high: float
    """Greatest value, included."""

    def in_words(self, kind: type[int] | type[float]) -> str:
        """Describe the range."""
        return f"{'whole number' if kind is int else 'number'} {self.low:g} to {self.high:g}"


THRESHOLDS: Mapping[str, Limits] = {
    "PACE_SPRINTS": Limits(1, 6),
    "TRIMMED_SPRINTS": Limits(3, 24),
    "MIDDLE_TO_MEAN": Limits(0.5, 2),
    "PRIOR_MEAN_TASKS": Limits(0.5, 100),
    "PRIOR_MORE_TASKS": Limits(0, 100),
    "MOST_PRIOR_TASKS": Limits(1, 1000),
    "PRIOR_SPRINTS": Limits(0.01, 24),
    "LENGTH_POWER": Limits(0, 1),
    "SMALLEST_MEAN": Limits(0.01, 10),
    "MAX_CHANGE": Limits(0, 1),
    "HALF_WINDOW": Limits(0, 1),
    "MIN_OWN_SPRINTS": Limits(0, 24),
    "MIN_NEIGHBOURS": Limits(1, 15),
    "NAMED_DAYS_OFF": Limits(0, 100),
    "SHOWN_LEFT_OUT": Limits(0, 5),
    "DISPERSION": Limits(0, 5),
    "DISPERSION_WEIGHT": Limits(0.1, 100),
    "MAX_ERROR": Limits(1, 10),
    "UNFORESEEN": Limits(0, 0.5),
    "INTERVAL": Limits(0.1, 0.99),
    "PROMISE": Limits(0.5, 0.99),
    "PLAN_WEIGHT": Limits(0, 1),
    "RATIO_WEIGHT": Limits(0.1, 100),
    "SCOPE_DISPERSION": Limits(0, 5),
    "LOOK_BACK_WINDOWS": Limits(1, 76),
    "CHANCE_PRIOR_TASKS": Limits(0.1, 1000),
    "MIN_FINISHED_TASKS": Limits(1, 10_000),
    "STALE_SHARE": Limits(0, 1),
    "NEIGHBOUR_SPRINTS": Limits(0, 24),
    "MAX_RATIO": Limits(1, 100),
    "RECORD_WINDOWS": Limits(1, 76),
    "PRIOR_PAIRS": Limits(0.1, 100),
    "TASK_ERROR": Limits(0.1, 100),
    "SPRINT_ERROR": Limits(0.1, 100),
}

# Why the other numbers of `graphs/thresholds.py` cannot be replayed.
FIXED: Mapping[str, str] = {
    **dict.fromkeys(
        ("RECALL_SECONDS", "RECALL_NODE_SECONDS", "EVIDENCE_SECONDS"), "a replay waits for nobody"
    ),
    **dict.fromkeys(
        ("HISTORY_SPRINTS", "READ_AHEAD", "RECALL_EPISODES"),
        "it says how much a run reads, and the reading is done",
    ),
    **dict.fromkeys(
        ("CALIBRATION_BINS", "CALIBRATION_WEIGHT", "CALIBRATION_BLOCKS"),
        "only learning reads it",
    ),
    **dict.fromkeys(("POOL_AGES", "POOL_CHANCES", "POOL_DAYS"), "it is part of one table"),
    **dict.fromkeys(("DURATION_CORRELATION", "DURATION_SPRINTS"), "it decides nothing"),
    "LEVEL_CORRELATION": "only forecasts of several sprints read it",
    "CERTAINTIES": "set certainty to one of them",
    "CONFIDENCE_THRESHOLD": "set confidence_threshold, the limit of the run's own mode",
}

MODES: tuple[str, ...] = get_args(ModeName)
_LIMITS = {
    "confidence_threshold": "a number 0 to 1",
    "certainty": f"one of {', '.join(map(str, thresholds.CERTAINTIES))}",
    "max_tasks": "a whole number 1 to 1000",
    "weeks": "a whole number 1 to 8",
    "away": "a whole number 0 to 1000 (person-days)",
    "decision_mode": f"one of {', '.join(MODES)}",
    "enable_task_count_adjustment": "true or false",
}


@dataclass(frozen=True)
class Adjusted:
    """Changed numbers of a replay."""

    thresholds: Mapping[str, float]
    """By the names of `graphs/thresholds.py`."""
    changes: Changes
    """Limits of mode and request."""


def parse(texts: Sequence[str]) -> Adjusted:
    """Read numbers that are written NAME=VALUE.

    Raises: `Invalid` for an unknown name, a wrong type or a value out of range.
    """
    numbers: dict[str, float] = {}
    limits: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise Invalid(f"{text!r} is not written NAME=VALUE, such as confidence_threshold=0.6")
        if name in limits or name in numbers:
            raise Invalid(f"{name} is set twice; set each number once")
        if name in _LIMITS:
            limits[name] = value
        elif name in THRESHOLDS:
            numbers[name] = _threshold(name, value)
        else:
            raise Invalid(_unknown(name))
    try:
        return Adjusted(numbers, Changes.model_validate(limits))
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise Invalid(f"{name}={limits[name]}: needs {_LIMITS[name]}") from error


def listed() -> list[tuple[str, str, str]]:
    """List each number with its value in this release and its range, in words."""
    limits = [(name, "the run's own", words) for name, words in _LIMITS.items()]
    return limits + [
        (name, f"{getattr(thresholds, name):g}", THRESHOLDS[name].in_words(_kind(name)))
        for name in THRESHOLDS
    ]


def _kind(name: str) -> type[int] | type[float]:
    return int if isinstance(getattr(thresholds, name), int) else float


def _threshold(name: str, text: str) -> float:
    kind, limits = _kind(name), THRESHOLDS[name]
    try:
        value = int(text) if kind is int else float(text)
    except ValueError:
        value = None
    if value is None or not limits.low <= value <= limits.high:
        raise Invalid(f"{name}={text}: needs a {limits.in_words(kind)}")
    return value


def _unknown(name: str) -> str:
    if name in FIXED:
        return f"{name} cannot be replayed: {FIXED[name]}"
    known = [*_LIMITS, *THRESHOLDS]
    near = difflib.get_close_matches(name, known, n=1) or difflib.get_close_matches(
        name.upper(), known, n=1
    )
    guess = f"did you mean {near[0]}? " if near else ""
    lines = "".join(f"\n  {one} ({words})" for one, _, words in listed())
    return f"there is no number {name}; {guess}these can be set:{lines}"
