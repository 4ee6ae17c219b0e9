"""Assess the risks of a project's sprint by the evidence that decisions use."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from agent.intelligence.schema import RiskAssessment
from graphs.evidence.distribution import Prediction, predict
from graphs.evidence.expectation import expect, predict_sprint
from graphs.evidence.forecast import Evidence
from graphs.evidence.neighbours import POOL
from graphs.evidence.risk import Risks, assess_plan, missing_evidence, own_pace
from graphs.evidence.throughput import Sprint
from graphs.nodes.adjust import next_sprint_evidence, only_used
from graphs.rules.base import SprintFact
from graphs.rules.capacity import planned_tasks as rule_tasks
from graphs.rules.catalogue import decide
from graphs.state import Snapshot
from graphs.thresholds import MIN_OWN_SPRINTS
from memory.recall import Recall

LEAST_REPLAYED = 3  # past sprints; a share of fewer is no confidence


@dataclass(frozen=True)
class SprintWindow:
    """Days of the sprint in progress."""

    start: date
    """First day."""
    end: date
    """Last day."""
    capacity_share: float | None
    """Working time over that of a window without days off, 0..1; None when not known."""

    @property
    def days(self) -> int:
        """Count its calendar days."""
        return (self.end - self.start).days + 1


def assess(
    snapshot: Snapshot, recalled: Recall, window: SprintWindow | None = None
) -> RiskAssessment:
    """Assess the sprint in progress, or else the one that the rule would plan now.

    `window` is that of the sprint in progress; None without one.
    """
    planned, sprint = planned_tasks(snapshot), snapshot.facts.active_sprint
    if sprint is None or window is None:
        evidence = of_next_sprint(snapshot, recalled)
        risks = assess_plan(evidence, planned)
    else:
        evidence = of_running_sprint(snapshot, recalled, sprint, window)
        risks = assess_remaining(evidence, sprint, window, snapshot.facts.today)
    expectation, confidence = expect(evidence), coverage(evidence.history)
    return RiskAssessment(
        overall_risk=risks.overall,
        sprint_failure_probability=risks.failure,
        capacity_overload_risk=risks.overload,
        confidence=confidence,
        expected=expectation.prediction.mean if expectation else None,
        low=expectation.low if expectation else None,
        high=expectation.high if expectation else None,
        expectation=expectation.sentence if expectation else None,
        planned_tasks=planned,
        sample_size=risks.sample_size,
        explanation=risks.reason,
        reasons=_reasons(risks, confidence, len(evidence.history))
        | ({} if expectation else {"expected": missing_evidence(evidence)}),
    )


def of_next_sprint(snapshot: Snapshot, recalled: Recall) -> Evidence:
    """Return the evidence about the next sprint that a decision would use."""
    return _used(next_sprint_evidence(snapshot, recalled, rule_tasks(snapshot.facts)))


def of_running_sprint(
    snapshot: Snapshot, recalled: Recall, sprint: SprintFact, window: SprintWindow
) -> Evidence:
    """Return the evidence about the sprint in progress, with its own length and plan."""
    evidence = replace(
        next_sprint_evidence(snapshot, recalled, sprint.total_tasks),
        days=window.days,
        capacity_share=window.capacity_share,
        # What was free when the sprint was planned: it may have taken all there was.
        unassigned=snapshot.facts.unassigned_tasks + sprint.total_tasks,
    )
    return _used(evidence)


def _used(evidence: Evidence) -> Evidence:
    # With too little evidence the reason counts all of it, though none of it was used.
    return only_used(evidence) if evidence.enough else evidence


def assess_remaining(
    evidence: Evidence, sprint: SprintFact, window: SprintWindow, today: date
) -> Risks:
    """Assess a sprint in progress: P(fewer tasks than pending are completed in the days left).

    The whole sprint is forecast by its own length; the rest is the remaining share of its days
    (see `at_most_in_share`). The risk is 0 when nothing is pending, and 1 when something is after
    the last day. Leave counts in the whole sprint, not by the day.
    """
    whole_risks = assess_plan(evidence, sprint.total_tasks)
    if sprint.total_tasks and not sprint.pending_tasks:
        done = f"All {sprint.total_tasks} planned tasks are completed: nothing can stay open."
        return Risks(0.0, 0.0, 0.0, whole_risks.sample_size, done)
    if whole_risks.failure is None:
        return whole_risks
    share, most = share_left(window.start, window.end, today), sprint.pending_tasks - 1
    failure = at_most_in_share(predict_sprint(evidence), share, most)
    pace = own_pace(evidence)
    overload = None if pace is None else at_most_in_share(pace, share, most)
    reason = (
        f"Of {sprint.pending_tasks} pending tasks some stay open with probability {failure:.2f},"
        f" with {share:.0%} of the sprint's days left, by {len(evidence.history)} past sprint(s)"
        f" and {evidence.prior.neighbours} similar episodes."
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
