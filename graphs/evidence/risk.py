"""Assess what may go wrong with a plan, by the distribution that recommendations come from."""

from dataclasses import dataclass

from graphs.evidence.distribution import Prediction, Window, predict
from graphs.evidence.expectation import predict_sprint
from graphs.evidence.forecast import Evidence
from graphs.evidence.neighbours import POOL
from graphs.thresholds import MIN_NEIGHBOURS, MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Risks:
    """Risks of one plan; all three are None when the evidence is too thin, see `reason`."""

    overall: float | None
    """The larger of `failure` and `overload`."""
    failure: float | None
    """P(fewer tasks are completed than planned), by the forecast that decisions use."""
    overload: float | None
    """The same by the team's own pace in its working time alone; None below three own sprints."""
    sample_size: int
    """Own past sprints and similar episodes behind the numbers."""
    reason: str
    """Explanation in one sentence."""


def assess_plan(evidence: Evidence, planned: int) -> Risks:
    """Assess a plan of `planned` tasks for the sprint that `evidence` is about."""
    own = len(evidence.history)
    sample_size = own + evidence.prior.neighbours
    if planned < 1:
        return Risks(None, None, None, sample_size, "Nothing is planned: there is no risk to name.")
    if not evidence.enough:
        return Risks(None, None, None, sample_size, missing_evidence(evidence))
    failure = predict_sprint(evidence).at_most(planned - 1)
    overload = None
    if (pace := own_pace(evidence)) is not None:
        overload = pace.at_most(planned - 1)
    # The larger one: both describe the same plan, so adding them would count it twice.
    overall = failure if overload is None else max(failure, overload)
    reason = (
        f"Of {planned} planned tasks some stay open with probability {failure:.2f}, by {own} past"
        f" sprint(s) and {evidence.prior.neighbours} similar episodes."
    )
    return Risks(overall, failure, overload, sample_size, reason)


def missing_evidence(evidence: Evidence) -> str:
    """Explain in one sentence what evidence a forecast takes."""
    return (
        f"Not enough evidence: it takes {MIN_OWN_SPRINTS} past sprints of the project"
        f" ({len(evidence.history)} known) or {MIN_NEIGHBOURS} similar projects"
        f" ({evidence.similar_projects} known)."
    )


def own_pace(evidence: Evidence) -> Prediction | None:
    """Forecast a sprint by the team's own pace in its working time; None below three sprints."""
    if len(evidence.history) < MIN_OWN_SPRINTS:
        return None
    return predict(evidence.history, POOL, Window(evidence.days, evidence.capacity_share))
