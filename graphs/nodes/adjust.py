"""Turn evidence into recommended changes of the rule's numbers."""

from dataclasses import replace

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.evidence.adjustment import Evidence, Proposal, propose
from graphs.evidence.calibration import Calibration
from graphs.evidence.duration import keep_cadence
from graphs.evidence.neighbours import NeighbourEvidence, as_evidence, prior
from graphs.evidence.throughput import Sprint, at_length
from graphs.nodes.history import as_sprint
from graphs.nodes.timing import timed
from graphs.rules.base import Ruling
from graphs.state import Snapshot, State
from memory.decision import (
    CalibrationUsed,
    Confidence,
    EvidenceUsed,
    Part,
    Recommendation,
)
from memory.recall import Neighbour, Recall


@timed
async def adjust(state: State, runtime: Runtime[Deps]) -> State:
    """Recommend numbers for a new sprint; recommend nothing when the rules create none."""
    creation = next((item for item in state["rulings"] if item.kind == "create_sprint"), None)
    if creation is None:
        return State(recommendations=())
    snapshot = state["snapshot"]
    return State(
        recommendations=(
            _task_count(snapshot, state["recall"], creation, runtime.context.calibration),
            _duration(snapshot, creation),
        )
    )


def _task_count(
    snapshot: Snapshot, recall: Recall, ruling: Ruling, calibration: Calibration
) -> Recommendation:
    usable = _usable(recall)
    evidence = next_sprint_evidence(snapshot, recall, ruling.tasks or 0)
    used = only_used(evidence)
    # With too little evidence the reason counts all of it, though none of it was used.
    proposal = propose(used if evidence.enough else evidence, calibration)
    proposal = replace(proposal, sample_size=len(used.history) + len(used.neighbours))
    episodes = tuple(neighbour for neighbour, _ in usable) if used.neighbours else ()
    return as_recommendation(
        proposal, _source(used), _evidence_used(snapshot, episodes, proposal, calibration)
    )


def next_sprint_evidence(snapshot: Snapshot, recall: Recall, rule_tasks: int) -> Evidence:
    """Return all evidence about the next sprint, of which the rule plans `rule_tasks`."""
    facts = snapshot.facts
    return Evidence(
        project_id=facts.project_id,
        history=past_sprints(snapshot),
        neighbours=tuple(evidence for _, evidence in _usable(recall)),
        rule_tasks=rule_tasks,
        unassigned=facts.unassigned_tasks,
        max_tasks=facts.options.max_tasks,
        capacity_share=capacity_share(snapshot),
        days=snapshot.perception.sprint_days,
    )


def only_used(evidence: Evidence) -> Evidence:
    """Return the evidence without its neighbours when a proposal does not use them."""
    proposable = evidence.enough and evidence.rule_tasks > 0
    counts = at_length(evidence.history, evidence.days)
    if proposable and prior(counts, evidence.neighbours).neighbours:
        return evidence
    return replace(evidence, neighbours=())


def _usable(recall: Recall) -> tuple[tuple[Neighbour, NeighbourEvidence], ...]:
    pairs = (
        (
            neighbour,
            as_evidence(
                neighbour.similarity,
                neighbour.perception,
                neighbour.outcome,
                neighbour.completed_outside,
            ),
        )
        for neighbour in recall.neighbours
    )
    return tuple((neighbour, evidence) for neighbour, evidence in pairs if evidence is not None)


def as_recommendation(
    proposal: Proposal, evidence_source: str, evidence: EvidenceUsed | None
) -> Recommendation:
    """Return a proposal of the task count as the gate judges it."""
    stated, raw = proposal.confidence, proposal.raw_confidence
    return Recommendation(
        kind="task_count_modification",
        rule=proposal.original,
        recommended=proposal.recommended,
        confidence=None if stated is None or raw is None else Confidence(stated=stated, raw=raw),
        sample_size=proposal.sample_size,
        evidence_source=evidence_source,
        rationale=proposal.reason,
        expected_improvement=proposal.expected_improvement,
        evidence=evidence,
    )


def past_sprints(snapshot: Snapshot) -> tuple[Sprint, ...]:
    """Return the project's own history as evidence takes it, oldest first."""
    return tuple(as_sprint(past) for past in snapshot.past)


def capacity_share(snapshot: Snapshot) -> float | None:
    """Return the window's working time over that of a window without holidays and leave, 0..1.

    None when it is not known.
    """
    facts = snapshot.facts
    weekdays = 5 * facts.options.sprint_duration_weeks
    return working_share(facts.working_days, facts.team_size, facts.team_working_days, weekdays)


def working_share(
    working_days: int | None, team_size: int | None, team_working_days: int | None, weekdays: int
) -> float | None:
    """Divide working time by that of `weekdays` without holidays and leave, 0..1; None as above."""
    # At most 1: no record says what a team completes on extra days.
    if working_days is None or not weekdays:
        return None
    if team_size and team_working_days is not None:
        return min(1.0, team_working_days / (team_size * weekdays))
    return min(1.0, working_days / weekdays)


def _source(evidence: Evidence) -> str:
    own = f"{len(evidence.history)} past sprints of the project"
    return f"{own}, {len(evidence.neighbours)} similar episodes"


def _evidence_used(
    snapshot: Snapshot,
    episodes: tuple[Neighbour, ...],
    proposal: Proposal,
    calibration: Calibration,
) -> EvidenceUsed:
    others = {episode.project_id for episode in episodes} - {snapshot.facts.project_id}
    return EvidenceUsed(
        similar_projects=tuple(sorted(others)),
        episodes=tuple(str(episode.episode_id) for episode in episodes),
        own_history=tuple(sprint.completed_tasks for sprint in snapshot.past),
        expected=proposal.expected,
        low=proposal.low,
        high=proposal.high,
        wins=proposal.wins,
        losses=proposal.losses,
        parts=tuple(
            Part(name=part.name, value=part.value, sample_size=part.sample_size)
            for part in proposal.parts
        ),
        calibration=CalibrationUsed(
            version=calibration.version, sample_size=calibration.sample_size
        ),
    )


def _duration(snapshot: Snapshot, ruling: Ruling) -> Recommendation:
    cadence = keep_cadence(ruling.duration_weeks or 0)
    return Recommendation(
        kind="sprint_duration_modification",
        rule=cadence.original,
        recommended=cadence.recommended,
        confidence=None,
        sample_size=len(snapshot.past),
        evidence_source="velocity by sprint length",
        rationale=cadence.reason,
        expected_improvement=None,
        evidence=None,
    )
