"""Decide each past sprint again, by the functions that the graph calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.decision_quality.recall import Memory, seen_people
from benchmarks.decision_quality.sprints import Row, Teams
from graphs.evidence.adjustment import Proposal, propose
from graphs.evidence.calibration import Calibration, reliability_table
from graphs.evidence.evidence import Draft, Evidence
from graphs.evidence.expectation import Expectation
from graphs.evidence.payoff import Pair
from graphs.nodes.adjust import as_recommendation
from graphs.nodes.gate import follows_evidence, judge
from graphs.state import Mode
from graphs.thresholds import (
    CERTAINTIES,
    CONFIDENCE_THRESHOLD,
    HISTORY_SPRINTS,
    MIN_OWN_SPRINTS,
)

MODE = Mode("intelligence_enhanced", CONFIDENCE_THRESHOLD, True, True)
MANY = 10_000  # plannable tasks when the backlog is not known: no limit

# Calibration changes no decision, only the chance that is stated beside it.
UNCALIBRATED = Calibration(
    version="none",
    fitted_on="nothing",
    sample_size=0,
    teams=0,
    intercept=0.0,
    slope=1.0,
    log_loss=None,
    baseline_log_loss=None,
    table=reliability_table(()),
)


@dataclass(frozen=True)
class Case:
    """Sprint to decide: what was known, and what came of it."""

    project: str
    """Unit that is left out when something is fitted."""
    team: str
    """Unit of history, drawn again for bounds."""
    sprint_id: str
    """Name of the sprint in its team."""
    before: int
    """Sprints of the team before it."""
    evidence: Evidence
    """What was known before its start."""
    scope: int | None
    """Tasks at its start; None when not known."""
    completed: int
    """Tasks completed at its end."""


@dataclass(frozen=True)
class Decided:
    """Case after the gate."""

    case: Case
    """The case."""
    proposal: Proposal
    """Recommendation before the gate."""
    applied: int
    """Tasks of the plan that holds."""
    passed: bool
    """True when the gate let another number than the rule's through."""

    @property
    def rule(self) -> int:
        """Return the rule's plan in tasks."""
        return self.proposal.original

    @property
    def recommended(self) -> int:
        """Return the plan by the evidence in tasks."""
        return self.proposal.recommended

    @property
    def follows(self) -> bool:
        """Check that the evidence is followed, also when both plan the same count."""
        return follows_evidence(self.proposal, MODE)

    @property
    def expectation(self) -> Expectation:
        """Return what the decision expects, as graphs/expected_sprint.py does."""
        planned = self.proposal.forecast if self.follows else self.proposal.rule_forecast
        return Expectation(planned, self.case.evidence.arriving, self.case.evidence.certainty)


def decidable(teams: Teams) -> list[tuple[tuple[Row, ...], int]]:
    """List every sprint with at least MIN_OWN_SPRINTS before it, as its team's rows and place."""
    return [(rows, at) for rows in teams.values() for at in range(MIN_OWN_SPRINTS, len(rows))]


def decide(case: Case) -> Decided:
    """Decide as the graph does in its enhanced mode with the default threshold."""
    proposal = propose(case.evidence, UNCALIBRATED)
    adjustment = judge(as_recommendation(proposal, "own history", None), MODE)
    return Decided(case, proposal, adjustment.applied, adjustment.gate.passed)


def decide_all(teams: Teams, memory: Memory, certainty: int = CERTAINTIES[0]) -> list[Decided]:
    """Decide every sprint before its scope is known, the first of each team included."""
    return [
        decision for rows in teams.values() for decision in _decide_team(rows, memory, certainty)
    ]


def experienced(decided: Sequence[Decided]) -> list[Decided]:
    """Return the decisions with at least MIN_OWN_SPRINTS sprints before them."""
    return [decision for decision in decided if decision.case.before >= MIN_OWN_SPRINTS]


def review_scopes(teams: Teams) -> Iterator[Decided]:
    """Decide the sprints that say their scope, with the scope on the table."""
    for rows, at in decidable(teams):
        scope = rows[at].scope
        if scope is not None:
            case = _case(rows, at, seen_people(rows, at, True))
            evidence = replace(
                case.evidence,
                history=tuple(past.committed_sprint for past in rows[:at][-HISTORY_SPRINTS:]),
                plannable=scope,
                draft=Draft(scope, ()),
            )
            yield decide(replace(case, evidence=evidence, scope=scope))


def without_scope(teams: Teams) -> int:
    """Count the sprints whose scope is unknown, which cannot be decided with it."""
    return sum(rows[at].scope is None for rows, at in decidable(teams))


def _decide_team(rows: tuple[Row, ...], memory: Memory, certainty: int) -> Iterator[Decided]:
    followed: list[Pair] = []
    for at in range(len(rows)):
        case = _case(rows, at, seen_people(rows, at, False))
        evidence = replace(
            case.evidence,
            neighbours=memory.recall(rows, at),
            followed=tuple(followed),
            certainty=certainty,
        )
        decision = decide(replace(case, evidence=evidence))
        if decision.proposal.kind == "similar_episodes":
            followed.append(Pair(decision.rule, decision.recommended, case.completed))
        yield decision


def _case(rows: tuple[Row, ...], at: int, people: int | None) -> Case:
    row = rows[at]
    evidence = Evidence(
        project_id=row.team,
        history=tuple(past.sprint for past in rows[:at][-HISTORY_SPRINTS:]),
        plannable=MANY,
        days=row.days,
        team_size=people,
    )
    return Case(row.project, row.team, row.sprint_id, at, evidence, None, row.completed)
