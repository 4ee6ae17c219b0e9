"""Show the choice of tasks and the plans of backlogs as tables for people."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from benchmarks.decision_quality.cells import bounded, number, table, words

CHOICES = ("chosen", "found", "over_random", "over_random_by_years")


def backlog_tables(measured: dict[str, Any]) -> Iterator[RenderableType]:
    """Yield the orders of each project, and the plans of each backlog."""
    drawn = measured["selection"]["drawn"]
    for name, orders in measured["selection"]["orders"].items():
        yield _orders(f"Tasks chosen, {name}; drawn for bounds: {drawn}", orders)
    for name, section in measured["backlog"]["projects"].items():
        yield _plans(f"{section['decisions']} plans of a backlog, {name}", section)
    if measured["backlog"]["together"]:
        yield _gate(measured["backlog"])


def _orders(title: str, orders: dict[str, Any]) -> RenderableType:
    rows = (
        (
            f"{count} of {scores['fortnights']} fortnights, {words(name)}",
            *(bounded(score[choice]) for choice in CHOICES),
        )
        for count, scores in orders.items()
        for name, score in scores.items()
        if name != "fortnights"
    )
    return table(title, [words(choice) for choice in CHOICES], rows)


def _plans(title: str, section: dict[str, Any]) -> RenderableType:
    rows = (
        (
            words(name),
            number(score["mae"]),
            bounded(score["above"]),
            number(score["above_by"]),
        )
        for name, score in section["plans"].items()
    )
    return table(title, ("error, tasks", "above the outcome", "by"), rows)


def _gate(section: dict[str, Any]) -> RenderableType:
    groups = section["projects"] | {"together": section["together"]}
    rows = [
        (words, *(bounded(group[name]) for group in groups.values()))
        for name, words in (
            ("followed", "evidence followed"),
            ("changed", "plan changed"),
            ("harm", "noticeably worse than the rule"),
            ("help", "noticeably better than the rule"),
        )
    ]
    for name in ("band", "promise"):
        cells = (bounded(group["expectation"][name]) for group in groups.values())
        rows.append((f"{name} of the expectation", *cells))
    return table("Chances by age at the gate", tuple(groups), rows)
