"""Turns evidence into recommended changes of the rule's numbers."""

from dataclasses import asdict, replace
from typing import Any

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.evidence.adjustment import Evidence, Proposal, propose
from graphs.evidence.calibration import Calibration
from graphs.evidence.duration import keep_cadence
from graphs.evidence.neighbours import NeighbourEvidence, as_evidence, prior
from graphs.evidence.throughput import Sprint, at_length
from graphs.nodes.timing import timed
from graphs.rules.base import Ruling
from graphs.state import Adjustment, Snapshot, State, dump, load
from memory.recall import Neighbour, Recall


@timed
async def adjust(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
    """Adjustments of a sprint that is about to be created; none otherwise."""
    rulings = load(tuple[Ruling, ...], state["rulings"])
    ruling = next((each for each in rulings if each.kind == "create_sprint"), None)
    if ruling is None:
        return {"adjustments": []}
    snapshot = load(Snapshot, state["snapshot"])
    recalled = Recall.model_validate(state["recall"])
    adjustments = (
        _task_count(snapshot, recalled, ruling, runtime.context.calibration),
        _duration(snapshot, ruling),
    )
    return {"adjustments": dump(tuple[Adjustment, ...], adjustments)}


def _task_count(
    snapshot: Snapshot, recalled: Recall, ruling: Ruling, calibration: Calibration
) -> Adjustment:
    facts, spoken = snapshot.facts, _spoken(recalled)
    evidence = Evidence(
        project_id=facts.project_id,
        history=past_sprints(snapshot),
        neighbours=tuple(said for _, said in spoken),
        rule_tasks=ruling.tasks or 0,
        unassigned=len(facts.unassigned),
        max_tasks=facts.options.max_tasks,
        capacity_share=capacity_share(snapshot),
        days=snapshot.perception.sprint_days,
    )
    used = only_used(evidence)
    # Too little evidence is told with all that was found; nothing of it was used then.
    proposal = propose(used if evidence.enough else evidence, calibration)
    proposal = replace(proposal, sample_size=len(used.history) + len(used.neighbours))
    episodes = tuple(each for each, _ in spoken) if used.neighbours else ()
    return as_adjustment(used, proposal, _details(snapshot, episodes, proposal, calibration))


def only_used(evidence: Evidence) -> Evidence:
    """The evidence without neighbours that a proposal makes no use of: all of them or none."""
    asked = evidence.enough and evidence.rule_tasks > 0
    counts = at_length(evidence.history, evidence.days)
    if asked and prior(counts, evidence.neighbours).neighbours:
        return evidence
    return replace(evidence, neighbours=())


def _spoken(recalled: Recall) -> tuple[tuple[Neighbour, NeighbourEvidence], ...]:
    """The recalled episodes that say something, and what."""
    said = (
        (each, as_evidence(each.similarity, each.perception, each.outcome))
        for each in recalled.neighbours
    )
    return tuple((each, found) for each, found in said if found is not None)


def as_adjustment(evidence: Evidence, proposal: Proposal, details: dict[str, Any]) -> Adjustment:
    """A proposal as the gate judges it."""
    return Adjustment(
        name="task_count_modification",
        original=proposal.original,
        recommended=proposal.recommended,
        confidence=proposal.confidence,
        sample_size=proposal.sample_size,
        evidence_source=_source(evidence),
        rationale=proposal.reason,
        expected_improvement=proposal.expected_improvement,
        details=details,
    )


def past_sprints(snapshot: Snapshot) -> tuple[Sprint, ...]:
    """The own history as evidence takes it, oldest first."""
    return tuple(
        Sprint(
            completed=each.completed_tasks,
            days=(each.end_date - each.start_date).days + 1,
            committed=each.planned_tasks,
        )
        for each in snapshot.past
    )


def capacity_share(snapshot: Snapshot) -> float | None:
    """Working time of the window over that of a window without holidays and leave; None unknown.

    At most 1: what a team completes in days it has never worked on is not known.
    """
    facts, weekdays = snapshot.facts, 5 * snapshot.facts.options.sprint_duration_weeks
    if facts.working_days is None:
        return None
    if facts.team_size and facts.team_working_days is not None:
        return min(1.0, facts.team_working_days / (facts.team_size * weekdays))
    return min(1.0, facts.working_days / weekdays)


def _source(evidence: Evidence) -> str:
    own = f"{len(evidence.history)} past sprints of the project"
    return f"{own}, {len(evidence.neighbours)} similar episodes"


def _details(
    snapshot: Snapshot,
    used: tuple[Neighbour, ...],
    proposal: Proposal,
    calibration: Calibration,
) -> dict[str, Any]:
    """`similar_projects_used` names other projects; an own earlier episode is an episode used."""
    others = {each.project_id for each in used} - {snapshot.facts.project_id}
    return {
        "similar_projects_used": sorted(others),
        "episodes_used": [str(each.episode_id) for each in used],
        "own_history": [each.completed_tasks for each in snapshot.past],
        "proposal": asdict(proposal),
        "confidence": {
            "raw": proposal.raw_confidence,
            "calibrated": proposal.confidence,
            "calibration_version": calibration.version,
            "calibration_sample_size": calibration.sample_size,
        },
    }


def _duration(snapshot: Snapshot, ruling: Ruling) -> Adjustment:
    kept = keep_cadence(ruling.duration_weeks or 0)
    return Adjustment(
        name="sprint_duration_modification",
        original=kept.original,
        recommended=kept.recommended,
        confidence=None,
        sample_size=len(snapshot.past),
        evidence_source="velocity by sprint length",
        rationale=kept.reason,
        expected_improvement=None,
        details={},
    )
