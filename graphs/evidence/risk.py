"""What may go wrong with a plan: probabilities for people, from the same distribution as advice.

risks(history, neighbours, planned, window) -> Risks
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graphs.evidence.distribution import UNKNOWN, Window, predict
from graphs.evidence.neighbours import POOL, NeighbourEvidence, prior
from graphs.evidence.throughput import Sprint, at_length
from graphs.thresholds import MIN_NEIGHBOURS, MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Risks:
    """Probabilities in 0..1 for one plan; all None when the evidence is too thin, see `reason`.

    `failure`: fewer tasks are completed than planned, by the pace and by what plans of this size
    were worth. `overload`: the same by the team's own pace alone, scaled to its working time in the
    window: the plan is more than the window holds. `overall` is the larger of the two.
    `sample_size` counts own sprints and neighbours.
    """

    overall: float | None
    failure: float | None
    overload: float | None
    sample_size: int
    reason: str


def risks(
    history: Sequence[Sprint],
    neighbours: Sequence[NeighbourEvidence],
    planned: int,
    window: Window = UNKNOWN,
) -> Risks:
    """The risks of planning `planned` tasks into the next sprint; `history` is oldest first.

    Of `window` its days and the share of working time count, as far as they are known.
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
