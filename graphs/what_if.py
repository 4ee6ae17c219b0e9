"""Other numbers for a past decision: limits of its mode and request, weeks, and people away."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from domain_services.kernel.errors import Invalid
from graphs.changes import Changes
from graphs.expected_sprint import expected_sprint
from graphs.inputs import Inputs
from graphs.nodes.gate import follows_evidence
from graphs.nodes.planning import capacity_share
from graphs.replay import replay
from graphs.rules.base import Facts
from memory.decision import ExpectedSprint

Value = TypeVar("Value")


@dataclass(frozen=True)
class WhatIf:
    """Expectation of a sprint by other numbers beside that of the run."""

    tasks: int | None
    """Tasks of the sprint; None when none would begin."""
    weeks: int | None
    """Weeks of the sprint; None as above."""
    before: ExpectedSprint | None
    """Expectation of the run; None when it began no sprint."""
    after: ExpectedSprint | None
    """Expectation by the other numbers; None when no sprint would begin."""
    notes: tuple[str, ...]
    """What the inputs cannot say about these numbers, in words."""


def what_if(inputs: Inputs, changes: Changes, tasks: int | None = None) -> WhatIf:
    """Expect a sprint by other numbers, of `tasks` or of as many as would be planned.

    Raises: `Invalid` for people away where no team is known.
    """
    before = replay(inputs).decision
    changed = with_changes(inputs, changes)
    after = replay(changed)
    planned = after.decision.tasks
    if planned is None or after.proposal is None:
        notes = (*_notes(inputs, changes), after.decision.reasoning)
        return WhatIf(None, None, before.expectation, None, notes)
    expectation = expected_sprint(
        after.snapshot,
        after.planning.evidence,
        after.proposal,
        planned if tasks is None else tasks,
        follows=follows_evidence(after.proposal, changed.order.mode),
    )
    return WhatIf(
        tasks=planned if tasks is None else tasks,
        weeks=after.decision.duration_weeks,
        before=before.expectation,
        after=expectation,
        notes=tuple(_notes(inputs, changes)),
    )


def with_changes(inputs: Inputs, changes: Changes) -> Inputs:
    """Return inputs with other numbers. Raises: `Invalid` as `what_if`."""
    order, planning = inputs.order, inputs.planning
    mode = replace(
        order.mode,
        name=_or(changes.decision_mode, order.mode.name),
        confidence_threshold=_or(changes.confidence_threshold, order.mode.confidence_threshold),
        certainty=_or(changes.certainty, order.mode.certainty),
        enable_task_count_adjustment=_or(
            changes.enable_task_count_adjustment, order.mode.enable_task_count_adjustment
        ),
    )
    options = replace(
        order.options,
        max_tasks=_or(changes.max_tasks, order.options.max_tasks),
        sprint_duration_weeks=_or(changes.weeks, order.options.sprint_duration_weeks),
    )
    facts = replace(_with_time(inputs.snapshot.facts, changes), options=options)
    evidence = replace(
        planning.evidence,
        max_tasks=options.max_tasks,
        certainty=mode.certainty,
        days=7 * options.sprint_duration_weeks,
    )
    if facts.team_working_days != inputs.snapshot.facts.team_working_days and changes.away:
        evidence = replace(evidence, capacity_share=capacity_share(facts))
    if _other_length(inputs, changes):
        # Counted over windows of the run's own length.
        evidence = replace(evidence, ages=None)
    return replace(
        inputs,
        order=replace(order, mode=mode, options=options),
        snapshot=replace(inputs.snapshot, facts=facts),
        planning=replace(planning, evidence=evidence),
    )


def _with_time(facts: Facts, changes: Changes) -> Facts:
    """Return the facts with the working time of another window."""
    before = facts.options.sprint_duration_weeks
    weeks, away = _or(changes.weeks, before), changes.away or 0
    if away and facts.team_working_days is None:
        raise Invalid(
            "away: this run knew no team, so that nobody's days can be taken off;"
            f" name the team of {facts.project_id} first"
        )
    return replace(
        facts,
        options=replace(facts.options, sprint_duration_weeks=weeks),
        working_days=_scaled(facts.working_days, weeks, before),
        team_working_days=None
        if (days := _scaled(facts.team_working_days, weeks, before)) is None
        else max(0, days - away),
    )


def _scaled(days: int | None, weeks: int, before: int) -> int | None:
    return None if days is None else round(days * weeks / before)


def _other_length(inputs: Inputs, changes: Changes) -> bool:
    weeks = inputs.order.options.sprint_duration_weeks
    return changes.weeks is not None and changes.weeks != weeks


def _notes(inputs: Inputs, changes: Changes) -> Iterator[str]:
    if not _other_length(inputs, changes):
        return
    weeks = inputs.order.options.sprint_duration_weeks
    yield (
        f"The calendar was read for {weeks} week(s), so that the same share of days off is assumed"
        f" for {changes.weeks}."
    )
    if inputs.planning.evidence.ages is not None:
        yield (
            f"Chances by age were counted over {weeks} week(s); for {changes.weeks} the team's own"
            " pace speaks alone."
        )


def _or(changed: Value | None, own: Value) -> Value:
    return own if changed is None else changed
