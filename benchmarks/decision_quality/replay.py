"""Each past sprint decided again, by the functions that the graph calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.sprints import Row, Teams
from graphs.evidence.adjustment import Evidence, Proposal, propose
from graphs.evidence.calibration import Calibration
from graphs.evidence.distribution import Prediction
from graphs.evidence.forecast import forecast
from graphs.nodes.adjust import as_recommendation
from graphs.nodes.gate import judge
from graphs.state import Mode
from graphs.thresholds import (
    CONFIDENCE_THRESHOLD,
    HISTORY_SPRINTS,
    MEAN_SPRINTS,
    MIN_OWN_SPRINTS,
    RULE_TASKS,
)
from memory import throughput

MODE = Mode("intelligence_enhanced", CONFIDENCE_THRESHOLD, True, True)
MANY = 10_000  # unassigned tasks when the backlog is not known: no limit


@dataclass(frozen=True)
class Case:
    """A sprint to decide: what was known, and what came of it. `scope` is None when not known."""

    project: str
    team: str
    evidence: Evidence
    scope: int | None
    completed: int

    @property
    def prediction(self) -> Prediction:
        return forecast(self.evidence, self.scope)


@dataclass(frozen=True)
class Decided:
    """A case after the gate: the rule's count, the recommended and the applied one."""

    case: Case
    proposal: Proposal
    applied: int

    @property
    def rule(self) -> int:
        return self.proposal.original

    @property
    def recommended(self) -> int:
        return self.proposal.recommended


def decidable(teams: Teams) -> list[tuple[tuple[Row, ...], int]]:
    """Every sprint with at least MIN_OWN_SPRINTS before it, as its team's rows and its place."""
    return [(rows, at) for rows in teams.values() for at in range(MIN_OWN_SPRINTS, len(rows))]


def without_scope(teams: Teams) -> int:
    """Count the sprints whose scope is unknown, which cannot be decided with it."""
    return sum(rows[at].scope is None for rows, at in decidable(teams))


def cases(teams: Teams, scope_known: bool) -> Iterator[Case]:
    """The decidable sprints team by team; with the scope known, those that say it."""
    memory = Memory(teams, scope_known)
    for rows, at in decidable(teams):
        if not scope_known:
            yield _case(rows, at, memory, None)
        elif rows[at].scope is not None:
            yield _case(rows, at, memory, rows[at].scope)


def _case(rows: tuple[Row, ...], at: int, memory: Memory, scope: int | None) -> Case:
    row = rows[at]
    unassigned = MANY if scope is None else scope
    evidence = Evidence(
        project_id=row.team,
        history=tuple(row.sprint for row in rows[:at][-HISTORY_SPRINTS:]),
        neighbours=memory.recall(rows, at),
        rule_tasks=min(unassigned, RULE_TASKS),
        unassigned=unassigned,
        max_tasks=None,
        capacity_share=None,
        days=row.days,
    )
    return Case(row.project, row.team, evidence, scope, row.completed)


def decide(case: Case, calibration: Calibration) -> Decided:
    """Decide as the graph does in its enhanced mode with the default threshold."""
    proposal = propose(case.evidence, calibration)
    adjustment = judge(as_recommendation(proposal, "own history", None), MODE)
    return Decided(case, proposal, adjustment.applied)


def smoothing(case: Case) -> float:
    """The yardstick: plain exponential smoothing of the own history with weight 0.3."""
    counts = [sprint.completed for sprint in case.evidence.history]
    return throughput.smoothed(counts) or 0.0


def mean_of_three(case: Case) -> float:
    return fmean(sprint.completed for sprint in case.evidence.history[-MEAN_SPRINTS:])
