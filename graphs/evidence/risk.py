"""Assess what may go wrong with a plan, by the distribution that recommendations come from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphs.evidence.distribution import UNKNOWN_WINDOW, Window, predict
from graphs.evidence.neighbours import POOL, NeighbourEvidence, prior
from graphs.evidence.throughput import Sprint, at_length
from graphs.thresholds import MIN_NEIGHBOURS, MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Risks:
    """Risks of one plan; all three are None when the evidence is too thin, see `reason`."""

    overall: float | None
    """The larger of `failure` and `overload`."""
    failure: float | None
    """P(fewer tasks are completed than planned), by the pace and by past plans of this team."""
    overload: float | None
    """The same by the team's own pace in its working time alone; None below three own sprints."""
    sample_size: int
    """Own past sprints and similar episodes behind the numbers."""
    reason: str
    """Explanation in one sentence."""


def assess_plan(
    history: Sequence[Sprint],
    neighbours: Sequence[NeighbourEvidence],
    planned: int,
    window: Window = UNKNOWN_WINDOW,
) -> Risks:
    """Assess a plan of `planned` tasks for the next sprint; `history` is oldest first.

    Days and capacity share of `window` count as far as they are known; its own plan is ignored.
    """
    own, basis = len(history), prior(at_length(history, window.days), neighbours)
    sample_size = own + basis.neighbours
    if planned < 1:
        return Risks(None, None, None, sample_size, "Nothing is planned: there is no risk to name.")
    if own < MIN_OWN_SPRINTS and not basis.neighbours:
        reason = (
            f"Not enough evidence: {own} past sprints ({MIN_OWN_SPRINTS} needed) and"
            f" {len(neighbours)} similar episodes ({MIN_NEIGHBOURS} needed)."
        )
        return Risks(None, None, None, sample_size, reason)
    failure = predict(history, basis, replace(window, planned=planned)).at_most(planned - 1)
    overload = None
    if own >= MIN_OWN_SPRINTS:
        overload = predict(history, POOL, replace(window, planned=None)).at_most(planned - 1)
    overall = failure if overload is None else max(failure, overload)
    reason = (
        f"Of {planned} planned tasks some stay open with probability {failure:.2f}, by {own} past"
        f" sprint(s) and {basis.neighbours} similar episodes."
    )
    return Risks(overall, failure, overload, sample_size, reason)
