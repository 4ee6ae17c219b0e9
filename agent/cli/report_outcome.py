"""Comparison of a decision with what the team really did."""

from rich.console import RenderableType

from agent.cli.comparison import Comparison
from agent.cli.layout import name_value_rows
from agent.cli.words import count

_NEARER = {
    "rule": "the rule was nearer",
    "recommendation": "evidence was nearer",
    "equal": "both were equally near",
}


def actual_outcome(comparison: Comparison) -> RenderableType:
    """Build the rows that set a decision beside the team's actual outcome."""
    finished = (
        f"{count(comparison.finished, 'task')} finished, {comparison.from_backlog} of them from"
        " this backlog"
    )
    # A part of the window says nothing about a plan for all of it.
    if comparison.known_until is not None:
        return name_value_rows([(f"known until {comparison.known_until}", finished)])
    rows = [(f"by {comparison.window_end}", finished)]
    if comparison.chosen_finished is not None:
        tasks = count(comparison.applied or 0, "task")
        rows.append(("of the sprint", f"{comparison.chosen_finished} of {tasks}"))
    if verdict := _verdict(comparison):
        rows.append(("verdict", verdict))
    return name_value_rows(rows)


def _verdict(comparison: Comparison) -> str | None:
    rule, recommended = comparison.rule, comparison.recommended
    if comparison.nearer is not None and rule is not None and recommended is not None:
        if rule == recommended:
            return f"rule and evidence both planned {rule}, {_miss(rule, comparison)}"
        return (
            f"the rule's {rule} {_miss(rule, comparison)}, evidence's {recommended}"
            f" {_miss(recommended, comparison)}: {_NEARER[comparison.nearer]}"
        )
    # Four weeks of work say nothing about a plan for two.
    if comparison.decided_days not in (None, comparison.window_days):
        window, decided = comparison.window_days, comparison.decided_days
        return f"none: the actual outcome is of {window} days, the decision is for {decided}"
    return None


def _miss(planned: int, comparison: Comparison) -> str:
    miss = comparison.finished - planned
    if not miss:
        return "met it exactly"
    return f"missed it by {abs(miss)} (too {'few' if miss > 0 else 'many'})"
