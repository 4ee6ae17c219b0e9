"""Compare replayed decisions with the run's own, beside the outcomes that are known by now."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from uuid import UUID

from agent.replay.replaying import Compared
from agent.replay.schema import KnownOutcome, RunInputs
from domain_services.kernel.statistics import Interval, wilson_interval
from graphs.inputs import Deeds
from graphs.replay import Change


@dataclass(frozen=True)
class Line:
    """One decision, as it was and as it would have been."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Id of the project."""
    decided_at: datetime
    """Time of the decision."""
    change: Change
    """`same`, `changed`, or `nothing` when only the run planned a call."""
    before: Deeds
    """What the run decided."""
    after: Deeds
    """What would have been decided."""
    reasoning: str
    """Reasons of the second decision."""
    outcome: KnownOutcome | None
    """Outcome of the run's sprint; None while it is not known, or when it began none."""

    @property
    def errors(self) -> tuple[int, int] | None:
        """Return how far both plans were from what was completed; None without two or an outcome.

        The run's plan first, in tasks.
        """
        before, after = self.before.tasks, self.after.tasks
        if self.outcome is None or before is None or after is None:
            return None
        completed = self.outcome.completed_tasks
        return abs(before - completed), abs(after - completed)


@dataclass(frozen=True)
class Judged:
    """Changed plans whose outcome is known."""

    plans: int
    """Their number."""
    nearer: int
    """Replayed plans that end nearer to what was completed."""
    farther: int
    """Those that end farther from it; the others are as far."""
    nearer_share_95: Interval | None
    """95 % interval of the share of nearer ones among both; None without one."""
    error_before: float | None
    """Mean distance of the runs' plans, in tasks; None without a plan."""
    error_after: float | None
    """Mean distance of the replayed plans, in tasks; None as above."""


@dataclass(frozen=True)
class Summary:
    """Result of a replay."""

    decisions: int
    """Replayed decisions."""
    same: int
    """Those that do the same."""
    changed: int
    """Those that do something else."""
    nothing: int
    """Those that would plan no call any more."""
    first_at: datetime | None
    """Time of the oldest decision whose inputs are stored; None without any."""
    judged: Judged
    """Changed plans beside their outcomes."""
    lines: tuple[Line, ...]
    """Decisions that differ, oldest first."""


def line_of(stored: RunInputs, compared: Compared) -> Line:
    """Put a comparison beside its run."""
    return Line(
        run_id=stored.run_id,
        project_id=stored.project_id,
        decided_at=stored.decided_at,
        change=compared.change,
        before=compared.before,
        after=compared.after,
        reasoning=compared.reasoning,
        outcome=stored.outcome,
    )


def summarise(lines: Iterable[Line], first_at: datetime | None) -> Summary:
    """Count what differs; a plan is judged by the outcome of the run's own sprint."""
    ordered = sorted(lines, key=lambda line: line.run_id)
    counts = Counter(line.change for line in ordered)
    different = [line for line in ordered if line.change != "same"]
    return Summary(
        decisions=len(ordered),
        same=counts["same"],
        changed=counts["changed"],
        nothing=counts["nothing"],
        first_at=first_at,
        judged=_judge([line.errors for line in different if line.errors is not None]),
        lines=tuple(different),
    )


def _judge(errors: Sequence[tuple[int, int]]) -> Judged:
    nearer = sum(after < before for before, after in errors)
    farther = sum(after > before for before, after in errors)
    return Judged(
        plans=len(errors),
        nearer=nearer,
        farther=farther,
        nearer_share_95=wilson_interval(nearer, nearer + farther),
        error_before=fmean(before for before, _ in errors) if errors else None,
        error_after=fmean(after for _, after in errors) if errors else None,
    )
