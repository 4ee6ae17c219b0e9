"""Comparison of a decision with what the team really did."""

from collections.abc import Iterator

from rich.console import RenderableType

from agent.cli.comparison import Comparison, ExpectedTasks
from agent.cli.layout import name_value_rows
from agent.cli.words import count

_NEARER = {
    "rule": "the rule was nearer",
    "recommendation": "evidence was nearer",
    "equal": "both were equally near",
}


def actual_outcome(comparison: Comparison) -> RenderableType:
    """Build the rows that set a decision beside the team's actual outcome."""
    # A part of the window says nothing about a plan for all of it.
    if comparison.known_until is not None:
        return name_value_rows([(f"known until {comparison.known_until}", _finished(comparison))])
    rows = [(f"by {comparison.window_end}", _finished(comparison))]
    if comparison.chosen_finished is not None:
        tasks = count(comparison.applied or 0, "task")
        rows.append(("of the sprint", f"{comparison.chosen_finished} of {tasks}"))
    if comparison.picked is not None:
        rows.append(("of the picked", f"{comparison.picked_finished} of {comparison.picked}"))
    if comparison.comparable:
        rows += _beside_the_expectation(comparison)
    if verdict := _verdict(comparison):
        rows.append(("verdict", verdict))
    return name_value_rows(rows)


def _finished(comparison: Comparison) -> str:
    return (
        f"{count(comparison.from_backlog, 'task')} of this backlog finished, and"
        f" {comparison.arrived} that arrived later"
    )


def _beside_the_expectation(comparison: Comparison) -> Iterator[tuple[str, str]]:
    if comparison.expected is not None:
        name = "backlog" if comparison.picked is None else "picked"
        yield name, _beside(comparison.outcome, comparison.expected)
    if comparison.expected_arriving is not None:
        yield "arrived", _beside(comparison.arrived, comparison.expected_arriving)


def _beside(outcome: int, expected: ExpectedTasks) -> str:
    where = "in" if expected.holds(outcome) else "outside"
    limits = f"{expected.low} to {expected.high}"
    return f"{outcome} finished, {expected.mean:.1f} expected: {where} the usual range, {limits}"


def _verdict(comparison: Comparison) -> str | None:
    rule, recommended = comparison.rule, comparison.recommended
    if comparison.nearer is not None and rule is not None and recommended is not None:
        if rule == recommended:
            return f"rule and evidence both planned {rule}, {_miss(rule, comparison)}"
        followed = comparison.applied == recommended
        return (
            f"the rule's {rule}{'' if followed else ' (applied)'} {_miss(rule, comparison)},"
            f" evidence's {recommended}{' (applied)' if followed else ''}"
            f" {_miss(recommended, comparison)}: {_NEARER[comparison.nearer]}"
        )
    # Four weeks of work say nothing about a plan for two.
    if comparison.decided_days not in (None, comparison.window_days):
        window, decided = comparison.window_days, comparison.decided_days
        return f"none: the actual outcome is of {window} days, the decision is for {decided}"
    return None


def _miss(planned: int, comparison: Comparison) -> str:
    miss = comparison.outcome - planned
    if not miss:
        return "met it exactly"
    return f"missed it by {abs(miss)} (too {'few' if miss > 0 else 'many'})"
