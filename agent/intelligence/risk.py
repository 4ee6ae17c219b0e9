"""Assess the risks of a project's sprint by the evidence that decisions use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from agent.intelligence.schema import RiskAssessment
from graphs.evidence.distribution import Prediction, Window, predict
from graphs.evidence.neighbours import POOL, NeighbourEvidence, as_evidence, prior
from graphs.evidence.risk import Risks, assess_plan
from graphs.evidence.throughput import Sprint, at_length
from graphs.nodes.adjust import capacity_share, past_sprints
from graphs.rules.base import SprintFact
from graphs.rules.catalogue import decide
from graphs.state import Snapshot
from graphs.thresholds import MIN_OWN_SPRINTS
from memory.recall import Recall

LEAST_REPLAYED = 3  # past sprints; a share of fewer is no confidence


def assess(
    snapshot: Snapshot, recalled: Recall | None, sprint_start: date | None = None
) -> RiskAssessment:
    """Assess the sprint in progress, or else the one that the rule would plan now.

    `sprint_start` is the first day of the sprint in progress. `recalled` is None when similar
    episodes were not searched for.
    """
    history, planned = past_sprints(snapshot), planned_tasks(snapshot)
    sprint, neighbours = snapshot.facts.active_sprint, _neighbours(recalled)
    if sprint is None:
        risks = assess_plan(history, neighbours, planned, _window(snapshot))
    else:
        today = snapshot.facts.today
        risks = assess_remaining(history, neighbours, sprint, sprint_start or today, today)
    if recalled is None and planned and risks.failure is None:
        # "0 similar episodes" would be wrong where nobody searched for them.
        risks = replace(risks, reason=_too_few_without_search(len(history)))
    confidence = coverage(history)
    return RiskAssessment(
        overall_risk=risks.overall,
        sprint_failure_probability=risks.failure,
        capacity_overload_risk=risks.overload,
        confidence=confidence,
        planned_tasks=planned,
        sample_size=risks.sample_size,
        explanation=risks.reason,
        reasons=_reasons(risks, confidence, len(history)),
    )


def assess_remaining(
    history: Sequence[Sprint],
    neighbours: Sequence[NeighbourEvidence],
    sprint: SprintFact,
    start: date,
    today: date,
) -> Risks:
    """Assess a sprint in progress: P(fewer tasks than pending are completed in the days left).

    The whole sprint is forecast by its own length and plan; the rest is the remaining share of its
    days (see `at_most_in_share`). The risk is 0 when nothing is pending, and 1 when something is
    after the last day. Leave in the rest is not considered.
    """
    days = (sprint.end_date - start).days + 1
    whole = Window(days, planned=sprint.total_tasks)
    whole_risks = assess_plan(history, neighbours, sprint.total_tasks, whole)
    if sprint.total_tasks and not sprint.pending_tasks:
        done = f"All {sprint.total_tasks} planned tasks are completed: nothing can stay open."
        return Risks(0.0, 0.0, 0.0, whole_risks.sample_size, done)
    if whole_risks.failure is None:
        return whole_risks
    share, most = share_left(start, sprint.end_date, today), sprint.pending_tasks - 1
    basis = prior(at_length(history, days), neighbours)
    failure = at_most_in_share(predict(history, basis, whole), share, most)
    overload = None
    if whole_risks.overload is not None:
        overload = at_most_in_share(predict(history, POOL, Window(days)), share, most)
    reason = (
        f"Of {sprint.pending_tasks} pending tasks some stay open with probability {failure:.2f},"
        f" with {share:.0%} of the sprint's days left, by {len(history)} past sprint(s) and"
        f" {basis.neighbours} similar episodes."
    )
    # The larger one: both describe the same plan, so adding them would count it twice.
    overall = failure if overload is None else max(failure, overload)
    return Risks(overall, failure, overload, whole_risks.sample_size, reason)


def share_left(start: date, end: date, today: date) -> float:
    """Divide the days left, today included, by all days of a sprint; 0 after its last day."""
    return max(0, (end - max(start, today)).days + 1) / ((end - start).days + 1)


def at_most_in_share(whole: Prediction, share: float, count: int) -> float:
    """Compute P(at most `count` tasks are completed in `share` (0..1) of the window of `whole`).

    Each completion falls into that part with probability `share`: sum over n of
    P(whole = n) * P(binomial(n, share) <= count). The expectation is `share` of the whole one, and
    a negative binomial keeps its dispersion.
    Source: binomial thinning, Steutel and van Harn, Annals of Probability 7(5), 1979.
    """
    inside = [1.0, *[0.0] * count]  # P(k of the n completions so far are inside), k <= count
    total = 0.0
    # The cut-off tail of the distribution counts as its last outcome, so that the masses sum to 1.
    for before, after in pairwise((0.0, *whole.cumulative[:-1], 1.0)):
        total += (after - before) * sum(inside)
        one_less = (0.0, *inside[:-1])
        inside = [
            (1 - share) * same + share * less for same, less in zip(inside, one_less, strict=True)
        ]
    return min(1.0, total)


def planned_tasks(snapshot: Snapshot) -> int:
    """Count the tasks of the sprint in progress, or of the one the rule would plan; 0 for none."""
    if snapshot.facts.active_sprint is not None:
        return snapshot.facts.active_sprint.total_tasks
    rulings = decide(snapshot.facts)
    ruling = next((ruling for ruling in rulings if ruling.kind == "create_sprint"), None)
    return (ruling.tasks or 0) if ruling else 0


def coverage(history: Sequence[Sprint]) -> float | None:
    """Compute the share of past sprints that ended inside the interval predicted before them.

    None below LEAST_REPLAYED sprints with enough sprints before them.
    """
    inside: list[bool] = []
    for number in range(MIN_OWN_SPRINTS, len(history)):
        # By the pool alone, as in replays of decisions: the neighbours of that day are not known.
        low, high = predict(history[:number], POOL).interval()
        inside.append(low <= history[number].completed <= high)
    return sum(inside) / len(inside) if len(inside) >= LEAST_REPLAYED else None


def _window(snapshot: Snapshot) -> Window:
    return Window(days=snapshot.perception.sprint_days, capacity_share=capacity_share(snapshot))


def _neighbours(recalled: Recall | None) -> tuple[NeighbourEvidence, ...]:
    evidence = (
        as_evidence(neighbour.similarity, neighbour.perception, neighbour.outcome)
        for neighbour in (recalled.neighbours if recalled else ())
    )
    return tuple(neighbour for neighbour in evidence if neighbour is not None)


def _too_few_without_search(sprints: int) -> str:
    return (
        f"Not enough evidence: {sprints} past sprints ({MIN_OWN_SPRINTS} needed); similar episodes"
        " were not asked for."
    )


def _reasons(risks: Risks, confidence: float | None, sprints: int) -> dict[str, str]:
    values = {
        "overall_risk": risks.overall,
        "sprint_failure_probability": risks.failure,
        "capacity_overload_risk": risks.overload,
    }
    reasons = {name: risks.reason for name, value in values.items() if value is None}
    if confidence is None:
        needed = MIN_OWN_SPRINTS + LEAST_REPLAYED
        reasons["confidence"] = f"{sprints} past sprints, {needed} are needed to replay forecasts"
    return reasons
