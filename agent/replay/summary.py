"""Compare replayed decisions with the run's own, beside the outcomes that are known by now."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from uuid import UUID

from agent.replay.replaying import Compared
from agent.replay.schema import KnownOutcome, RunInputs
from domain_services.chronicle.schema import DecisionEffect
from domain_services.kernel.statistics import Interval, wilson_interval
from graphs.inputs import Deeds
from graphs.replay import Change
from memory.run import Status


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
    status: Status | None
    """Status of the run, such as `undone`; None when the run has been deleted."""
    effect: DecisionEffect | None
    """Whether the decision acted, by its own plan or an edited one; None while it waits."""
    outcome: KnownOutcome | None
    """Outcome of the run's sprint; None while it is not known, or when it began none."""

    @property
    def errors(self) -> tuple[int, int] | None:
        """Return how far both plans were from what was completed, the run's first, in tasks.

        None without two plans or an outcome, and where the run's plan was not what happened: a
        person edited it, or took it back.
        """
        before, after = self.before.tasks, self.after.tasks
        if self.outcome is None or before is None or after is None:
            return None
        if self.effect != "acted" or self.status == "undone":
            return None
        completed = self.outcome.completed_tasks
        return abs(before - completed), abs(after - completed)

    @property
    def beyond_its_plan(self) -> bool:
        """Tell a larger plan of which nobody knows the outcome: the run's was completed whole."""
        before, after = self.before.tasks, self.after.tasks
        if self.outcome is None or before is None or after is None:
            return False
        return before <= self.outcome.completed_tasks < after


@dataclass(frozen=True)
class Judged:
    """Changed plans whose outcome is known."""

    plans: int
    """Their number."""
    nearer: int
    """Replayed plans that end nearer to what was completed."""
    farther: int
    """Those that end farther from it; the others are as far."""
    unknown: int
    """Larger replayed plans where the run's own was completed whole; they are counted as well."""
    nearer_share_95: Interval | None
    """95 % interval of the share of nearer ones among both; None without one."""
    error_before: float | None
    """Mean distance of the runs' plans, in tasks; None without a plan."""
    error_after: float | None
    """Mean distance of the replayed plans, in tasks; None as above."""


@dataclass(frozen=True)
class LeftOut:
    """One decision that cannot be made again."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Id of the project."""
    decided_at: datetime
    """Time of the decision."""
    agent_version: str
    """Version of the program that decided."""
    reason: str
    """Why not, in words."""


@dataclass(frozen=True)
class Summary:
    """Result of a replay."""

    rules: tuple[str, ...]
    """Names of the person's own rules; empty without any."""
    decisions: int
    """Decisions that were made again."""
    same: int
    """Those that do the same."""
    changed: int
    """Those that do something else."""
    nothing: int
    """Those that would plan no call any more."""
    first_at: datetime | None
    """Time of the oldest decision whose inputs are stored; None without any."""
    limited: bool
    """True when older decisions of the period were left unread, by the limit."""
    judged: Judged
    """Changed plans beside their outcomes."""
    lines: tuple[Line, ...]
    """Decisions that differ, oldest first."""
    left_out: tuple[LeftOut, ...]
    """Decisions that cannot be made again, oldest first."""
    refused: tuple[str, ...]
    """What own rules tried to reach, and were refused; empty when nothing."""


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
        status=stored.status,
        effect=stored.effect,
        outcome=stored.outcome,
    )


def left_out_of(stored: RunInputs, reason: str) -> LeftOut:
    """Note a run that cannot be decided again."""
    return LeftOut(
        run_id=stored.run_id,
        project_id=stored.project_id,
        decided_at=stored.decided_at,
        agent_version=stored.agent_version,
        reason=reason,
    )


def summarise(
    lines: Iterable[Line],
    left_out: Iterable[LeftOut] = (),
    *,
    first_at: datetime | None,
    limited: bool = False,
    rules: Iterable[str] = (),
    refused: Iterable[str] = (),
) -> Summary:
    """Count what differs; a plan is judged by the outcome of the run's own sprint."""
    ordered = sorted(lines, key=lambda line: line.run_id)
    counts = Counter(line.change for line in ordered)
    different = [line for line in ordered if line.change != "same"]
    return Summary(
        rules=tuple(rules),
        decisions=len(ordered),
        same=counts["same"],
        changed=counts["changed"],
        nothing=counts["nothing"],
        first_at=first_at,
        limited=limited,
        judged=_judge([line for line in different if line.errors is not None]),
        lines=tuple(different),
        left_out=tuple(sorted(left_out, key=lambda run: run.run_id)),
        refused=tuple(refused),
    )


def _judge(lines: Sequence[Line]) -> Judged:
    errors = [line.errors for line in lines if line.errors is not None]
    nearer = sum(after < before for before, after in errors)
    farther = sum(after > before for before, after in errors)
    return Judged(
        plans=len(errors),
        unknown=sum(line.beyond_its_plan for line in lines),
        nearer=nearer,
        farther=farther,
        nearer_share_95=wilson_interval(nearer, nearer + farther),
        error_before=fmean(before for before, _ in errors) if errors else None,
        error_after=fmean(after for _, after in errors) if errors else None,
    )
