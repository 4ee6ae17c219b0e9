"""What may go wrong with the sprint of a project, by the evidence that decisions use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from agent.intelligence.schema import RiskAssessment
from graphs.evidence.distribution import Prediction, Window, predict
from graphs.evidence.neighbours import POOL, NeighbourEvidence, as_evidence, prior
from graphs.evidence.risk import Risks, risks
from graphs.evidence.throughput import Sprint, at_length
from graphs.nodes.adjust import capacity_share, past_sprints
from graphs.rules.base import SprintFact
from graphs.rules.catalogue import decide
from graphs.state import Snapshot
from graphs.thresholds import MIN_OWN_SPRINTS
from memory.recall import Recall

LEAST_REPLAYED = 3  # past sprints; a share of fewer is no confidence


def assess(
    snapshot: Snapshot, recalled: Recall | None, began: date | None = None
) -> RiskAssessment:
    """The risks of the sprint in progress, or else of the one that the rule would plan now.

    `began` is the first day of the sprint in progress; `recalled` is None when similar episodes
    were not asked for.
    """
    history, planned = past_sprints(snapshot), planned_tasks(snapshot)
    sprint, neighbours = snapshot.facts.active_sprint, neighbours_of(recalled)
    if sprint is None:
        found = risks(history, neighbours, planned, window_of(snapshot))
    else:
        today = snapshot.facts.today
        found = risks_of_rest(history, neighbours, sprint, began or today, today)
    if recalled is None and planned and found.failure is None:
        found = replace(found, reason=_not_asked(len(history)))
    confidence = coverage(history)
    return RiskAssessment(
        overall_risk=found.overall,
        sprint_failure_probability=found.failure,
        capacity_overload_risk=found.overload,
        confidence=confidence,
        planned_tasks=planned,
        sample_size=found.sample_size,
        explanation=found.reason,
        reasons=_reasons(found, confidence, len(history)),
    )


def risks_of_rest(
    history: Sequence[Sprint],
    neighbours: Sequence[NeighbourEvidence],
    sprint: SprintFact,
    began: date,
    today: date,
) -> Risks:
    """The risks of a sprint in progress: fewer than its pending tasks completed in what is left.

    P(rest < pending), where rest is the part of the whole sprint's forecast, by its own length and
    plan, that falls into the remaining share of its days (see `at_most_in_share`). 0 when nothing
    is pending, 1 when something is after the last day. Leave in the rest is not considered.
    """
    days = (sprint.end_date - began).days + 1
    whole = Window(days, planned=sprint.total_tasks)
    found = risks(history, neighbours, sprint.total_tasks, whole)
    if sprint.total_tasks and not sprint.pending_tasks:
        done = f"All {sprint.total_tasks} planned tasks are completed: nothing can stay open."
        return Risks(0.0, 0.0, 0.0, found.sample_size, done)
    if found.failure is None:
        return found
    share, last = share_left(began, sprint.end_date, today), sprint.pending_tasks - 1
    basis = prior(at_length(history, days), neighbours)
    failure = at_most_in_share(predict(history, basis, whole), share, last)
    overload = None
    if found.overload is not None:
        overload = at_most_in_share(predict(history, POOL, Window(days)), share, last)
    reason = (
        f"Of {sprint.pending_tasks} pending tasks some stay open with probability {failure:.2f},"
        f" with {share:.0%} of the sprint's days left, by {len(history)} past sprint(s) and"
        f" {basis.neighbours} similar episodes."
    )
    overall = failure if overload is None else max(failure, overload)
    return Risks(overall, failure, overload, found.sample_size, reason)


def share_left(began: date, ends: date, today: date) -> float:
    """The share of a sprint's calendar days that is left, today included; 0 after its last day."""
    return max(0, (ends - max(began, today)).days + 1) / ((ends - began).days + 1)


def at_most_in_share(whole: Prediction, share: float, count: int) -> float:
    """P(at most `count` tasks are completed in `share` (0..1) of the window of `whole`).

    Each completion falls into that part with probability `share`: sum over n of
    P(whole = n) * P(binomial(n, share) <= count). The expectation is `share` of the whole one, and
    a negative binomial keeps its dispersion.
    Source: binomial thinning, Steutel and van Harn, Annals of Probability 7(5), 1979.
    """
    inside = [1.0, *[0.0] * count]  # P(k of the n completions so far are inside), k <= count
    total = 0.0
    for before, after in pairwise((0.0, *whole.cumulative[:-1], 1.0)):
        total += (after - before) * sum(inside)
        one_less = (0.0, *inside[:-1])
        inside = [
            (1 - share) * same + share * less for same, less in zip(inside, one_less, strict=True)
        ]
    return min(1.0, total)


def planned_tasks(snapshot: Snapshot) -> int:
    """Tasks of the sprint in progress, or those that the rule would plan; 0 when it plans none."""
    if snapshot.facts.active_sprint is not None:
        return snapshot.facts.active_sprint.total_tasks
    ruling = next((each for each in decide(snapshot.facts) if each.kind == "create_sprint"), None)
    return (ruling.tasks or 0) if ruling else 0


def window_of(snapshot: Snapshot) -> Window:
    """What is known of the window in front of the project."""
    return Window(days=snapshot.perception.sprint_days, capacity_share=capacity_share(snapshot))


def neighbours_of(recalled: Recall | None) -> tuple[NeighbourEvidence, ...]:
    found = recalled.neighbours if recalled else ()
    spoken = (as_evidence(each.similarity, each.perception, each.outcome) for each in found)
    return tuple(each for each in spoken if each is not None)


def coverage(history: Sequence[Sprint]) -> float | None:
    """The share of past sprints inside the interval that was predicted before them."""
    inside: list[bool] = []
    for sprint in range(MIN_OWN_SPRINTS, len(history)):
        low, high = predict(history[:sprint], POOL).interval()
        inside.append(low <= history[sprint].completed <= high)
    return sum(inside) / len(inside) if len(inside) >= LEAST_REPLAYED else None


def _not_asked(sprints: int) -> str:
    return (
        f"Not enough evidence: {sprints} past sprints ({MIN_OWN_SPRINTS} needed); similar episodes"
        " were not asked for."
    )


def _reasons(found: Risks, confidence: float | None, sprints: int) -> dict[str, str]:
    named = {
        "overall_risk": found.overall,
        "sprint_failure_probability": found.failure,
        "capacity_overload_risk": found.overload,
    }
    reasons = {name: found.reason for name, value in named.items() if value is None}
    if confidence is None:
        needed = MIN_OWN_SPRINTS + LEAST_REPLAYED
        reasons["confidence"] = f"{sprints} past sprints, {needed} are needed to replay forecasts"
    return reasons
