"""What may go wrong with the sprint of a project, by the evidence that decisions use."""

from collections.abc import Sequence

from agent.intelligence.schema import RiskAssessment
from graphs.evidence.distribution import Window, predict
from graphs.evidence.neighbours import POOL, NeighbourEvidence, speak
from graphs.evidence.risk import Risks, risks
from graphs.evidence.throughput import Sprint
from graphs.nodes.adjust import capacity_share, past_sprints
from graphs.rules.catalogue import decide
from graphs.state import Snapshot
from graphs.thresholds import MIN_OWN_SPRINTS
from memory.recall import Recall

LEAST_REPLAYED = 3  # past sprints; a share of fewer is no confidence


def assess(snapshot: Snapshot, recalled: Recall | None) -> RiskAssessment:
    """The risks of the sprint in progress, or else of the one that the rule would plan now."""
    history, planned = past_sprints(snapshot), planned_tasks(snapshot)
    found = risks(history, neighbours_of(recalled), planned, window_of(snapshot))
    confidence = coverage(history)
    return RiskAssessment(
        overall_risk=found.overall,
        sprint_failure_probability=found.failure,
        capacity_overload_risk=found.overload,
        confidence=confidence,
        planned_tasks=planned,
        sample_size=found.sample_size,
        explanation=found.reason,
        reasons=_reasons(found, confidence, len(history)),
    )


def planned_tasks(snapshot: Snapshot) -> int:
    """Tasks of the sprint in progress, or those that the rule would plan; 0 when it plans none."""
    if snapshot.facts.active_sprint is not None:
        return snapshot.facts.active_sprint.total_tasks
    ruling = next((each for each in decide(snapshot.facts) if each.kind == "create_sprint"), None)
    return (ruling.tasks or 0) if ruling else 0


def window_of(snapshot: Snapshot) -> Window:
    """What is known of the window in front of the project."""
    return Window(days=snapshot.perception.sprint_days, capacity_share=capacity_share(snapshot))


def neighbours_of(recalled: Recall | None) -> tuple[NeighbourEvidence, ...]:
    found = recalled.neighbours if recalled else ()
    spoken = (speak(each.similarity, each.perception, each.outcome) for each in found)
    return tuple(each for each in spoken if each is not None)


def coverage(history: Sequence[Sprint]) -> float | None:
    """The share of past sprints inside the interval that was predicted before them."""
    inside: list[bool] = []
    for sprint in range(MIN_OWN_SPRINTS, len(history)):
        low, high = predict(history[:sprint], POOL).interval()
        inside.append(low <= history[sprint].completed <= high)
    return sum(inside) / len(inside) if len(inside) >= LEAST_REPLAYED else None


def _reasons(found: Risks, confidence: float | None, sprints: int) -> dict[str, str]:
    named = {
        "overall_risk": found.overall,
        "sprint_failure_probability": found.failure,
        "capacity_overload_risk": found.overload,
    }
    reasons = {name: found.reason for name, value in named.items() if value is None}
    if confidence is None:
        needed = MIN_OWN_SPRINTS + LEAST_REPLAYED
        reasons["confidence"] = f"{sprints} past sprints, {needed} are needed to replay forecasts"
    return reasons
