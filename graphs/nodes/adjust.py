"""Turn evidence into recommended changes of the rule's numbers."""

from collections.abc import Sequence
from dataclasses import replace

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.evidence.adjustment import Proposal, propose
from graphs.evidence.calibration import Calibration
from graphs.evidence.duration import keep_cadence
from graphs.evidence.evidence import Evidence
from graphs.evidence.neighbours import NeighbourEvidence, as_evidence
from graphs.evidence.payoff import Pair
from graphs.evidence.suggestion import rests_on_episodes
from graphs.nodes.timing import timed
from graphs.rules.base import Ruling
from graphs.state import Learned, PastSprint, Snapshot, State
from memory.decision import (
    CalibrationUsed,
    Confidence,
    EvidenceUsed,
    Part,
    Recommendation,
)
from memory.decision_outcomes import EndedDecision
from memory.recall import Neighbour, Recall


@timed
async def adjust(state: State, runtime: Runtime[Deps]) -> State:
    """Recommend numbers for a new sprint; recommend nothing when the rules create none."""
    deps, snapshot, recall = runtime.context, state["snapshot"], state["recall"]
    evidence, followed = state["planning"].evidence, ()
    if _creation(state["rulings"]) and rests_on_episodes(with_episodes(evidence, recall)):
        project_id = snapshot.facts.project_id
        ended = await deps.ended_decisions.read(project_id, simulated=snapshot.simulated)
        followed = tuple(_pairs(snapshot.past, ended))
    learned = Learned(followed, deps.calibration)
    proposal, recommendations = recommend(snapshot, evidence, recall, state["rulings"], learned)
    return State(learned=learned, proposal=proposal, recommendations=recommendations)


def recommend(
    snapshot: Snapshot,
    evidence: Evidence,
    recall: Recall,
    rulings: Sequence[Ruling],
    learned: Learned,
) -> tuple[Proposal | None, tuple[Recommendation, ...]]:
    """Recommend numbers for a new sprint; None and nothing when the rulings create none."""
    creation = _creation(rulings)
    if creation is None:
        return None, ()
    evidence = replace(
        with_episodes(evidence, recall), followed=learned.followed, ruled=creation.tasks
    )
    proposal = propose(evidence, learned.calibration)
    count = _task_count(snapshot, evidence, recall, proposal, learned.calibration)
    return proposal, (count, _duration(snapshot, creation))


def _creation(rulings: Sequence[Ruling]) -> Ruling | None:
    return next((ruling for ruling in rulings if ruling.kind == "create_sprint"), None)


def with_episodes(evidence: Evidence, recall: Recall) -> Evidence:
    """Add the similar episodes of a recall."""
    return replace(evidence, neighbours=tuple(neighbour for _, neighbour in usable(recall)))


def with_record(
    evidence: Evidence, past: Sequence[PastSprint], ended: Sequence[EndedDecision]
) -> Evidence:
    """Add how the project's own decisions by similar episodes turned out."""
    return replace(evidence, followed=tuple(_pairs(past, ended)))


def _pairs(past: Sequence[PastSprint], ended: Sequence[EndedDecision]) -> list[Pair]:
    """Compare decisions by similar episodes with what their sprints completed."""
    # The chronicle's count, since a sprint alone shows no more tasks than it had.
    outcomes = {
        sprint.sprint_id: sprint.completed_tasks - (sprint.completed_arrived or 0)
        for sprint in past
    }
    return [
        Pair(decision.rule_tasks, decision.recommended_tasks, outcomes[decision.sprint_id])
        for decision in ended
        if decision.evidence_kind == "similar_episodes"
        and decision.rule_tasks is not None
        and decision.recommended_tasks is not None
        and decision.sprint_id in outcomes
    ]


def usable(recall: Recall) -> tuple[tuple[Neighbour, NeighbourEvidence], ...]:
    """Return the recalled episodes whose team had a pace to compare with."""
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
    return Recommendation(
        kind="task_count_modification",
        rule=proposal.original,
        recommended=proposal.recommended,
        confidence=proposal.confidence,
        sample_size=proposal.sample_size,
        evidence_source=evidence_source,
        rationale=proposal.reason,
        expected_improvement=proposal.expected_improvement,
        evidence=evidence,
    )


def _task_count(
    snapshot: Snapshot,
    evidence: Evidence,
    recall: Recall,
    proposal: Proposal,
    calibration: Calibration,
) -> Recommendation:
    followed = proposal.kind == "similar_episodes"
    episodes = tuple(neighbour for neighbour, _ in usable(recall)) if followed else ()
    used = evidence_used(snapshot, episodes, proposal, calibration)
    return as_recommendation(proposal, _source(evidence, proposal), used)


def _source(evidence: Evidence, proposal: Proposal) -> str:
    own = f"{len(evidence.history)} past sprints of the project"
    if proposal.kind == "similar_episodes":
        return f"{own}, {len(evidence.neighbours)} similar episodes"
    if proposal.kind == "scope":
        return f"{own}, the {evidence.draft.tasks if evidence.draft else 0} tasks picked"
    if proposal.kind == "chances" and evidence.ages is not None:
        return f"{own}, chances of {sum(evidence.ages.open_tasks)} open tasks by age"
    return own


def evidence_used(
    snapshot: Snapshot,
    episodes: tuple[Neighbour, ...],
    proposal: Proposal,
    calibration: Calibration,
) -> EvidenceUsed:
    """Return the numbers behind a proposal for the record."""
    others = {episode.project_id for episode in episodes} - {snapshot.facts.project_id}
    low, high = proposal.forecast.interval()
    record = proposal.record
    return EvidenceUsed(
        similar_projects=tuple(sorted(others)),
        episodes=tuple(str(episode.episode_id) for episode in episodes),
        own_history=tuple(sprint.completed_tasks for sprint in snapshot.past),
        expected=proposal.forecast.mean,
        low=low,
        high=high,
        wins=record.wins if record else 0,
        losses=record.losses if record else 0,
        parts=tuple(
            Part(name=part.name, value=part.value, sample_size=part.sample_size)
            for part in proposal.parts
        ),
        calibration=CalibrationUsed(
            version=calibration.version, sample_size=calibration.sample_size
        ),
        kind=proposal.kind,
        nearer=None
        if proposal.nearer is None or proposal.raw_nearer is None
        else Confidence(stated=proposal.nearer, raw=proposal.raw_nearer),
        windows=record.pairs if record else 0,
        rule_error=record.rule_error if record else None,
        evidence_error=record.evidence_error if record else None,
    )


def _duration(snapshot: Snapshot, ruling: Ruling) -> Recommendation:
    cadence = keep_cadence(ruling.duration_weeks or 0)
    return Recommendation(
        kind="sprint_duration_modification",
        rule=cadence.original,
        recommended=cadence.recommended,
        confidence=None,
        sample_size=len(snapshot.past),
        evidence_source="none",
        rationale=cadence.reason,
        expected_improvement=None,
        evidence=None,
    )
