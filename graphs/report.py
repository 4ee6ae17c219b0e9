"""What a run says of itself: the answer to its caller, and the episode it leaves behind."""

from typing import Any

from pydantic import BaseModel

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.types import utc_now
from graphs.rules.base import Ruling
from graphs.state import (
    Adjustment,
    Decision,
    Order,
    Patterns,
    Snapshot,
    State,
    Verdict,
    load,
)
from memory.episode import Episode
from memory.recall import Recall
from memory.runs import Run
from tools.guard import MadeCall

ACTOR = "project-orchestrator"
MOST_CHARACTERS = 10_000  # of a text in the chronicle


def build_response(state: State) -> dict[str, Any]:
    """The answer of section 6.3 of the specification, as JSON."""
    snapshot = load(Snapshot, state["snapshot"])
    decision = load(Decision, state["decision"])
    made = load(tuple[MadeCall, ...], state.get("made", []))
    order = load(Order, state["order"])
    recalled = Recall.model_validate(state["recall"])
    timings = state["timings"]
    return {
        "project_id": state["project_id"],
        "run_id": state["run_id"],
        "as_of": snapshot.facts.today.isoformat(),
        "dry_run": order.dry_run,
        "analysis": _analysis(snapshot, load(Patterns, state["patterns"]), recalled),
        "decisions": _decisions(state, decision, order),
        "actions_planned": [call.model_dump(mode="json") for call in decision.plan],
        "actions_taken": [*(_taken(call) for call in made), *state.get("refused", [])],
        "created": _created(made),
        "performance_metrics": {
            "steps_ms": timings,
            "total_ms": round(_critical_path(timings), 2),
            "recall_path": recalled.path,
            "recall_ms": recalled.ms,
            "degraded": state["degraded"],
        },
        "intelligence_metadata": {
            "decision_mode": order.mode.name,
            "decision_mode_version": order.mode.version,
            "modifications_applied": _changes(state, decision),
            "similar_episodes": [_neighbour(each) for each in recalled.neighbours],
            "embedding_model": recalled.model,
        },
    }


def build_episode(state: State, response: dict[str, Any], run: Run, version: str) -> Episode:
    """The decision as it will be remembered; its outcome is not known yet."""
    snapshot = load(Snapshot, state["snapshot"])
    decisions, created = response["decisions"], response["created"]
    return Episode(
        episode_id=run.run_id,
        project_id=state["project_id"],
        origin="run",
        decided_at=utc_now(),
        agent_version=version,
        decision_source=decisions["decision_source"],
        sprint_id=created["sprint_id"] if created else None,
        perception=snapshot.perception,
        reasoning={
            "text": decisions["reasoning"],
            "rule_based_decision": decisions["rule_based_decision"],
            "intelligence_adjustments": decisions["intelligence_adjustments"],
            "similar_episodes": response["intelligence_metadata"]["similar_episodes"],
            "degraded": response["performance_metrics"]["degraded"],
        },
        action={
            "create_sprint": decisions["create_new_sprint"],
            "tasks": decisions["tasks_to_assign"],
            "duration_weeks": decisions["sprint_duration_weeks"],
            "taken": response["actions_taken"],
            "dry_run": response["dry_run"],
        },
    )


def build_audit(state: State, response: dict[str, Any], run: Run, version: str) -> BaseModel:
    """The decision as the chronicle keeps it; its id is the run's, so it is there once."""
    decisions, created = response["decisions"], response["created"]
    confidence = decisions["confidence_scores"]["overall_decision_confidence"]
    return DecisionAuditCreate(
        audit_id=run.run_id,
        project_id=state["project_id"],
        sprint_id=created["sprint_id"] if created else None,
        decision_source=decisions["decision_source"],
        decision={
            "create_new_sprint": decisions["create_new_sprint"],
            "close_sprint": decisions["close_sprint"],
            "tasks_to_assign": decisions["tasks_to_assign"],
            "sprint_duration_weeks": decisions["sprint_duration_weeks"],
            "actions_planned": [call["description"] for call in response["actions_planned"]],
            "actions_taken": response["actions_taken"],
            "dry_run": response["dry_run"],
            "decision_mode": response["intelligence_metadata"]["decision_mode"],
            "decision_mode_version": response["intelligence_metadata"]["decision_mode_version"],
            "degraded": response["performance_metrics"]["degraded"],
        },
        rule_based_decision=decisions["rule_based_decision"],
        intelligence_adjustments=decisions["intelligence_adjustments"],
        reasoning=decisions["reasoning"][:MOST_CHARACTERS],
        confidence=confidence,
        actor=f"{ACTOR} {version}",
        run_id=str(run.run_id),
        timestamp=utc_now(),
    )


def _critical_path(timings: dict[str, float]) -> float:
    """Milliseconds of the steps in sequence; the two side by side count as the longest."""
    together = ("rules", "recall")
    rest = sum(took for name, took in timings.items() if name not in together)
    return rest + max(timings.get(name, 0.0) for name in together)


def _analysis(snapshot: Snapshot, patterns: Patterns, recalled: Recall) -> dict[str, Any]:
    facts = snapshot.facts
    sprint = facts.active_sprint
    return {
        "backlog_tasks": facts.backlog_tasks,
        "unassigned_tasks": len(facts.unassigned),
        "active_sprints": int(sprint is not None),
        "team_size": facts.team_size,
        "working_days": facts.working_days,
        "team_working_days": facts.team_working_days,
        "days_off": list(facts.days_off),
        "current_sprint": sprint
        and {
            "sprint_id": sprint.sprint_id,
            "end_date": sprint.end_date.isoformat(),
            "total_tasks": sprint.total_tasks,
            "pending_tasks": sprint.pending_tasks,
            "cronjob": sprint.cronjob,
        },
        "historical_context": {
            "past_sprints": snapshot.perception.past_sprints,
            "completed_per_sprint": list(snapshot.perception.completed),
            "average_velocity": snapshot.average_velocity,
            "velocity_trend": snapshot.trend,
            "completion_rate": patterns.completion_rate,
            "avg_sprint_duration": patterns.average_sprint_days,
            "open_impediments": list(patterns.open_impediments),
            "similar_projects": list(patterns.similar_projects),
            "similar_episodes": len(recalled.neighbours),
        },
    }


def _decisions(state: State, decision: Decision, order: Order) -> dict[str, Any]:
    rulings = load(tuple[Ruling, ...], state["rulings"])
    adjustments = load(tuple[Adjustment, ...], state["adjustments"])
    by_name = {verdict.name: verdict for verdict in decision.verdicts}
    rule = next((each for each in rulings if each.kind == "create_sprint"), None)
    confidences = [each.confidence for each in adjustments if each.confidence is not None]
    return {
        "create_new_sprint": decision.create_sprint,
        "close_sprint": decision.close_sprint,
        "tasks_to_assign": decision.tasks,
        "sprint_duration_weeks": decision.duration_weeks,
        "reasoning": decision.reasoning,
        "decision_source": decision.source,
        "rule_based_decision": {
            "tasks_to_assign": rule.tasks if rule else None,
            "sprint_duration_weeks": rule.duration_weeks if rule else None,
            "reasoning": " ".join(each.reason for each in rulings),
        },
        "intelligence_adjustments": {
            each.name: _adjustment(each, by_name[each.name]) for each in adjustments
        },
        "confidence_scores": {
            "overall_decision_confidence": min(confidences) if confidences else None,
            "intelligence_threshold_met": any(each.passed for each in decision.verdicts),
            "minimum_threshold": order.mode.confidence_threshold,
        },
    }


def _adjustment(adjustment: Adjustment, verdict: Verdict) -> dict[str, Any]:
    return {
        "original_recommendation": adjustment.original,
        "intelligence_recommendation": adjustment.recommended,
        "applied_value": verdict.applied,
        "confidence": adjustment.confidence,
        "sample_size": adjustment.sample_size,
        "evidence_source": adjustment.evidence_source,
        "expected_improvement": adjustment.expected_improvement,
        "rationale": adjustment.rationale,
        "gate": {"passed": verdict.passed, "reason": verdict.reason},
        "evidence_details": adjustment.details,
    }


def _changes(state: State, decision: Decision) -> int:
    originals = {each["name"]: each["original"] for each in state["adjustments"]}
    return sum(
        verdict.passed and verdict.applied != originals[verdict.name]
        for verdict in decision.verdicts
    )


def _taken(call: MadeCall) -> str:
    result = call.result
    if call.name == "create_sprint":
        return f"Created sprint {result['sprint_id']} with {result['assigned_tasks_count']} tasks"
    if call.name == "close_sprint":
        return f"Closed sprint {result['sprint_id']} ({result['status_updated_to']})"
    if call.name == "create_cronjob":
        return f"Created CronJob {result['name']} ({result['schedule']} {result['timezone']})"
    deleted = "Deleted" if result["deleted"] else "Found no"
    return f"{deleted} CronJob {result['name']}"


def _created(made: tuple[MadeCall, ...]) -> dict[str, Any] | None:
    """What exists now that did not before: from the services' own answers, not from the plan."""
    by_name = {call.name: call.result for call in made}
    sprint, job = by_name.get("create_sprint"), by_name.get("create_cronjob")
    if sprint is None and job is None:
        return None
    return {
        "sprint_id": sprint["sprint_id"] if sprint else None,
        "start_date": sprint["start_date"] if sprint else None,
        "end_date": sprint["end_date"] if sprint else None,
        "tasks": sprint["tasks"] if sprint else [],
        "warnings": sprint.get("warnings", []) if sprint else [],
        "cronjob": job,
    }


def _neighbour(each: Any) -> dict[str, Any]:
    return {
        "episode_id": str(each.episode_id),
        "project_id": each.project_id,
        "sprint_id": each.sprint_id,
        "day": each.day.isoformat(),
        "similarity": each.similarity,
        "structured_similarity": each.structured_similarity,
        "text_similarity": each.text_similarity,
        "found_by": each.found_by,
        "outcome": each.outcome.model_dump(mode="json") if each.outcome else None,
    }
