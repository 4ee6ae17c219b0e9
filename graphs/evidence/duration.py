"""Recommend the length of a sprint."""

from dataclasses import dataclass

from graphs.thresholds import DURATION_CORRELATION, DURATION_SPRINTS


@dataclass(frozen=True)
class Cadence:
    """Recommended length of a sprint."""

    original: int
    """Weeks by the rule."""
    recommended: int
    """Weeks recommended."""
    sample_size: int
    """Sprints of other teams behind the reason."""
    reason: str
    """Explanation in one sentence."""


def keep_cadence(weeks: int) -> Cadence:
    """Recommend the rule's duration unchanged."""
    # docs/adr/0023-duration-unchanged.md: no evidence shows that another length completes more.
    reason = (
        f"The cadence of {weeks} week(s) is kept: in {DURATION_SPRINTS} real sprints the length"
        " says next to nothing about what a team completes (rank correlation within a team"
        f" {DURATION_CORRELATION:.2f})."
    )
    return Cadence(weeks, weeks, DURATION_SPRINTS, reason)
