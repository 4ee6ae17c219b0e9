"""Explain the rule's plan: the team's own pace in sentences, with the numbers in them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphs.evidence.evidence import Evidence
from graphs.evidence.pace import knows_arrivals, middle
from graphs.thresholds import (
    CERTAINTIES,
    MOST_PRIOR_TASKS,
    PACE_SPRINTS,
    PRIOR_MORE_TASKS,
    TRIMMED_SPRINTS,
)

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def explain_pace(evidence: Evidence) -> str:
    """Explain the plan of the rule in sentences."""
    return " ".join(_sentences(evidence))


def _sentences(evidence: Evidence) -> Iterator[str]:
    yield _past(evidence)
    if days_off := working_time(evidence):
        yield days_off
    yield _certainty(evidence)
    if limit := _limit(evidence):
        yield limit


def _past(evidence: Evidence) -> str:
    counts = [sprint.completed for sprint in evidence.planned_past[-PACE_SPRINTS:]]
    if not counts:
        return _nothing_known(evidence)
    kind = " of the tasks open at its start" if knows_arrivals(evidence.history) else " tasks"
    if len(counts) == 1:
        text = f"The one past sprint finished {counts[0]}{kind}"
    else:
        kind = kind.replace("its", "their")
        text = f"The last {NUMBERS[len(counts)]} sprints finished {_listed(counts)}{kind}"
    if len(counts) < TRIMMED_SPRINTS:
        prior = f"{evidence.prior:.0f}"
        return f"{text}; so few are drawn towards {prior}, {_where_from(evidence)}."
    return f"{text}; without the best and the worst {middle(counts):.3g} a sprint."


def _nothing_known(evidence: Evidence) -> str:
    prior = f"{evidence.prior:.0f} tasks are expected"
    return f"No past sprint is known: {prior}, {_where_from(evidence)}."


def _where_from(evidence: Evidence) -> str:
    if not evidence.team_size:
        return "what other teams complete on average"
    people = "one person" if evidence.team_size == 1 else f"{evidence.team_size} people"
    if evidence.team_size + PRIOR_MORE_TASKS > MOST_PRIOR_TASKS:
        return f"the most for a team without a past, here of {people}"
    return f"one for each of {people} and {PRIOR_MORE_TASKS} more"


def working_time(evidence: Evidence) -> str | None:
    """Explain what days off change; None without any."""
    share = evidence.capacity_share
    if share is None or share >= 1:
        return None
    if not share:
        return "Nobody works in the window."
    # Not the smaller mean over the share: there is a least mean.
    full_pace = replace(evidence, capacity_share=None).own_pace.mean
    return (
        f"Days off leave {share:.0%} of the working time; the pace is assumed to go with it:"
        f" {evidence.own_pace.mean:.1f} tasks instead of {full_pace:.1f}."
    )


def _certainty(evidence: Evidence) -> str:
    tasks = evidence.own_pace.most_with(evidence.share)
    if not tasks:
        chance = evidence.own_pace.at_least(1)
        return f"1 task is the smallest plan, though reached in {100 * chance:.0f} of 100 sprints."
    count = "1 task is" if tasks == 1 else f"{tasks} tasks are"
    if evidence.certainty == CERTAINTIES[0]:
        return f"{count} as likely reached as not."
    sure = f"{evidence.certainty} of 100 sprints or more"
    return f"{count} reached in {sure}, as sure as the project wants."


def _limit(evidence: Evidence) -> str | None:
    pace, planned = evidence.pace_tasks, evidence.rule_tasks
    if planned >= pace:
        return None
    if planned == evidence.plannable:
        return f"Only {planned} can be planned."
    return f"The request allows {planned}."


def _listed(counts: Sequence[int]) -> str:
    *others, last = map(str, counts)
    return f"{', '.join(others)} and {last}"
