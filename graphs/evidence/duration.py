"""How long the sprint should be."""

from dataclasses import dataclass

from graphs.thresholds import DURATION_CORRELATION, DURATION_SPRINTS


@dataclass(frozen=True)
class Cadence:
    """Weeks; `sample_size` counts the sprints behind the reason, which are other teams'."""

    original: int
    recommended: int
    sample_size: int
    reason: str


def keep_cadence(weeks: int) -> Cadence:
    """The rule's duration, unchanged: no evidence is known that another one completes more."""
    reason = (
        f"The cadence of {weeks} week(s) is kept: in {DURATION_SPRINTS} real sprints the length"
        " says next to nothing about what a team completes (rank correlation within a team"
        f" {DURATION_CORRELATION:.2f})."
    )
    return Cadence(weeks, weeks, DURATION_SPRINTS, reason)
