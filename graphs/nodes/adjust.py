"""Turns evidence into recommended changes of the rule's numbers."""

from dataclasses import asdict
from typing import Any

from langgraph.runtime import Runtime

from graphs.deps import Deps
from graphs.evidence.adjustment import Evidence, Proposal, propose
from graphs.evidence.calibration import Calibration
from graphs.evidence.duration import keep_cadence
from graphs.evidence.neighbours import speak
from graphs.evidence.throughput import Sprint
from graphs.nodes.timing import timed
from graphs.rules.base import Ruling
from graphs.state import Adjustment, Snapshot, State, dump, load
from memory.recall import Recall


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
    facts = snapshot.facts
    spoken = (speak(each.similarity, each.perception, each.outcome) for each in recalled.neighbours)
    evidence = Evidence(
        project_id=facts.project_id,
        history=past_sprints(snapshot),
        neighbours=tuple(each for each in spoken if each is not None),
        rule_tasks=ruling.tasks or 0,
        unassigned=len(facts.unassigned),
        max_tasks=facts.wishes.max_tasks,
        capacity_share=capacity_share(snapshot),
        days=snapshot.perception.sprint_days,
    )
    proposal = propose(evidence, calibration)
    return as_adjustment(evidence, proposal, _details(snapshot, recalled, proposal, calibration))


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
    """Working time of the window over that of a window without holidays and leave; None unknown."""
    facts, weekdays = snapshot.facts, 5 * snapshot.facts.wishes.sprint_duration_weeks
    if facts.working_days is None:
        return None
    if facts.team_size and facts.team_working_days is not None:
        return facts.team_working_days / (facts.team_size * weekdays)
    return facts.working_days / weekdays


def _source(evidence: Evidence) -> str:
    own = f"{len(evidence.history)} past sprints of the project"
    return f"{own}, {len(evidence.neighbours)} similar episodes"


def _details(
    snapshot: Snapshot, recalled: Recall, proposal: Proposal, calibration: Calibration
) -> dict[str, Any]:
    return {
        "similar_projects_used": sorted({each.project_id for each in recalled.neighbours}),
        "episodes_used": [str(each.episode_id) for each in recalled.neighbours],
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
