"""Compare the figures with the bounds that they are wanted within."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BAND = (0.66, 0.76)  # share of outcomes in a band that is to hold 70 %
PROMISE = (0.80, 0.90)  # share of promises of 85 % that are kept


@dataclass(frozen=True)
class Target:
    """Figure with the bounds that it is wanted within."""

    name: str
    """Figure in words."""
    path: tuple[str, ...]
    """Keys of the figure in the measurement."""
    low: float | None
    """Lower bound; None without one."""
    high: float | None
    """Upper bound; None without one."""


def _expectation(name: str, *path: str) -> tuple[Target, Target]:
    """Return the targets of the band and of the promise of an expectation."""
    band = Target(f"band of 70 %, {name}", (*path, "expectation", "band", "value"), *BAND)
    promise = (*path, "expectation", "promise", "value")
    return band, Target(f"promise of 85 %, {name}", promise, *PROMISE)


ORDER = ("selection", "orders", "together", "5", "chance_then_oldest", "over_random")
TARGETS = (
    Target(
        "applied plans over smoothing 0.3",
        ("applied", "yardsticks", "smoothing_0_3", "ratio", "value"),
        None,
        0.95,
    ),
    Target(
        "its upper bound, teams drawn",
        ("applied", "yardsticks", "smoothing_0_3", "ratio", "high"),
        None,
        1.02,
    ),
    Target("share of applied plans above", ("applied", "plan", "above", "value"), None, 0.45),
    Target(
        "first three sprints over 10", ("first_sprints", "together", "ratio", "value"), None, 0.70
    ),
    Target(
        "P(all n done), stated and seen apart", ("probabilities", "largest_difference"), None, 0.10
    ),
    *_expectation("one sprint", "applied"),
    Target(
        "forecast with the scope over the mean of three",
        ("scope_review", "yardsticks", "mean_of_3", "ratio", "value"),
        None,
        0.78,
    ),
    Target("five tasks by chance over random", (*ORDER, "value"), 1.55, None),
    Target("its lower bound, quarters drawn", (*ORDER, "low"), 1.4, None),
    Target(
        "error of a backlog's plan, project 0",
        ("backlog", "projects", "project 0", "plans", "applied", "mae"),
        None,
        1.5,
    ),
    Target(
        "error of a backlog's plan, project 1",
        ("backlog", "projects", "project 1", "plans", "applied", "mae"),
        None,
        1.8,
    ),
    Target(
        "chances followed, both projects", ("backlog", "together", "followed", "value"), 0.80, None
    ),
    Target("noticeably worse by chances", ("backlog", "together", "harm", "value"), None, 0.10),
    *_expectation("a backlog's plan", "backlog", "together"),
    Target(
        "evidence without an edge passes",
        ("gate", "controls", "smoothing_0_3_against_own_pace", "passed", "value"),
        None,
        0.25,
    ),
)


def compare(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """List each figure with its bounds and whether it is within them; without a figure it is not.

    A figure that cannot be measured here, as with too few teams, has the value None.
    """
    return list(_compared(measured))


def _compared(measured: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for target in TARGETS:
        value = _figure(measured, target.path)
        low, high = target.low, target.high
        is_met = (
            value is not None and (low is None or value >= low) and (high is None or value <= high)
        )
        yield {"name": target.name, "value": value, "low": low, "high": high, "met": is_met}


def _figure(measured: dict[str, Any], path: tuple[str, ...]) -> float | None:
    figure: Any = measured
    for key in path:
        figure = figure.get(key) if isinstance(figure, dict) else None
    return figure
