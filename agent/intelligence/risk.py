"""Assess the risks of a project's sprint by the expectation that decisions use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from agent.intelligence.expected import ExpectedWork
from agent.intelligence.schema import RiskAssessment
from graphs.evidence.distribution import Distribution
from graphs.evidence.forecast import past_forecasts
from graphs.evidence.pace import Sprint
from graphs.rules.base import SprintFact
from graphs.rules.catalogue import decide
from graphs.state import Snapshot
from graphs.thresholds import MIN_OWN_SPRINTS

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


@dataclass(frozen=True)
class Risks:
    """Risks of one plan; all three are None when the evidence is too thin, see `reason`."""

    overall: float | None
    """The larger of `failure` and `overload`."""
    failure: float | None
    """P(fewer tasks are completed than planned), by the expectation."""
    overload: float | None
    """The same by the team's own pace in its working time alone."""
    reason: str
    """Explanation in one sentence."""


def assess(
    snapshot: Snapshot, work: ExpectedWork, window: SprintWindow | None = None
) -> RiskAssessment:
    """Assess the sprint in progress, or else the one that the rule would plan now.

    `window` is that of the sprint in progress; None without one.
    """
    planned, sprint = planned_tasks(snapshot), snapshot.facts.active_sprint
    if sprint is None or window is None:
        risks = assess_plan(work, planned)
    else:
        risks = assess_remaining(work, sprint, window, snapshot.facts.today)
    evidence = work.evidence
    confidence = coverage(evidence.planned_past, evidence.prior)
    low, high = work.expectation.usual_range
    known = work.is_known
    return RiskAssessment(
        overall_risk=risks.overall,
        sprint_failure_probability=risks.failure,
        capacity_overload_risk=risks.overload,
        confidence=confidence,
        expected=work.expectation.planned.mean if known else None,
        low=low if known else None,
        high=high if known else None,
        promise=work.expectation.promise if known else None,
        arriving=work.expectation.arriving.mean if work.expectation.arriving else None,
        expectation=work.expectation.velocity() if known else None,
        review=work.review(planned),
        planned_tasks=planned,
        sample_size=work.proposal.sample_size,
        explanation=risks.reason,
        reasons=_reasons(risks, confidence, len(evidence.history))
        | ({} if known else {"expected": work.missing}),
    )


def assess_plan(work: ExpectedWork, planned: int) -> Risks:
    """Assess a plan of `planned` tasks."""
    if planned < 1:
        return Risks(None, None, None, "Nothing is planned: there is no risk to name.")
    if not work.is_known:
        return Risks(None, None, None, work.missing)
    failure = work.expectation.risk(planned)
    reason = f"All {planned} planned tasks are done with {1 - failure:.0%}, {rests_on(work)}."
    return _both(failure, work.evidence.own_pace.at_most(planned - 1), reason)


def assess_remaining(
    work: ExpectedWork, sprint: SprintFact, window: SprintWindow, today: date
) -> Risks:
    """Assess a sprint in progress: P(fewer tasks than pending are completed in the days left).

    The whole sprint is forecast by its own length; the rest is the remaining share of its days
    (see `at_most_in_share`). The risk is 0 when nothing is pending, and 1 when something is after
    the last day. Leave counts in the whole sprint, not by the day.
    """
    if sprint.total_tasks and not sprint.pending_tasks:
        done = f"All {sprint.total_tasks} planned tasks are completed: nothing can stay open."
        return Risks(0.0, 0.0, 0.0, done)
    if sprint.total_tasks < 1 or not work.is_known:
        return assess_plan(work, sprint.total_tasks)
    share, most = share_left(window.start, window.end, today), sprint.pending_tasks - 1
    failure = at_most_in_share(work.expectation.planned, share, most)
    overload = at_most_in_share(work.evidence.own_pace, share, most)
    reason = (
        f"All {sprint.pending_tasks} pending tasks are done with {1 - failure:.0%}, with"
        f" {share:.0%} of the sprint's days left, {rests_on(work)}."
    )
    return _both(failure, overload, reason)


def _both(failure: float, overload: float, reason: str) -> Risks:
    # The larger one: both describe the same plan, so adding them would count it twice.
    return Risks(max(failure, overload), failure, overload, reason)


def rests_on(work: ExpectedWork) -> str:
    """Name in words what the expectation is made from."""
    sprints = len(work.evidence.history)
    own = f"by {sprints} past sprint{'' if sprints == 1 else 's'}"
    if not work.follows:
        return own
    if work.proposal.kind == "similar_episodes":
        return f"{own} and {len(work.evidence.neighbours)} similar episodes"
    return f"{own} and how often tasks of their age were finished"


def share_left(start: date, end: date, today: date) -> float:
    """Divide the days left, today included, by all days of a sprint; 0 after its last day."""
    return max(0, (end - max(start, today)).days + 1) / ((end - start).days + 1)


def at_most_in_share(whole: Distribution, share: float, count: int) -> float:
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


def coverage(history: Sequence[Sprint], prior: float) -> float | None:
    """Compute the share of past sprints that ended inside the usual range predicted before them.

    None below LEAST_REPLAYED sprints with MIN_OWN_SPRINTS before them.
    """
    inside: list[bool] = []
    for sprint, forecast in list(past_forecasts(history, prior))[MIN_OWN_SPRINTS:]:
        low, high = forecast.interval()
        inside.append(low <= sprint.completed <= high)
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
