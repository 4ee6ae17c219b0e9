"""A decision in short: what was decided, by which rule and evidence, and why."""

from collections.abc import Mapping
from typing import Any

_TASK_FIELDS = ("task_id", "title", "reason", "chance")


def explain_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Explain the answer to an orchestration, given as JSON."""
    decisions: Mapping[str, Any] = answer.get("decisions") or {}
    evidence: Mapping[str, Any] = answer.get("intelligence_metadata") or {}
    performance: Mapping[str, Any] = answer.get("performance_metrics") or {}
    return {
        "create_sprint": decisions.get("create_new_sprint"),
        "close_sprint": decisions.get("close_sprint"),
        "tasks": decisions.get("tasks_to_assign"),
        "duration_weeks": decisions.get("sprint_duration_weeks"),
        "reasoning": decisions.get("reasoning"),
        "decision_source": decisions.get("decision_source"),
        "rule": decisions.get("rule_based_decision"),
        "adjustments": decisions.get("intelligence_adjustments"),
        "confidence": decisions.get("confidence_scores"),
        "expectation": _expectation(answer.get("expectation")),
        "selection": _selection(answer.get("selection")),
        "actions_planned": _calls(answer.get("actions_planned")),
        "actions_taken": answer.get("actions_taken"),
        "similar_episodes": [
            {name: episode.get(name) for name in ("episode_id", "project_id", "similarity")}
            for episode in evidence.get("similar_episodes") or ()
        ],
        "degraded": performance.get("degraded"),
    }


def explain_record(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Explain the stored decision of a run that has no answer yet, given as JSON."""
    return {
        "create_sprint": decision.get("create_sprint"),
        "close_sprint": decision.get("close_sprint"),
        "tasks": decision.get("tasks"),
        "duration_weeks": decision.get("duration_weeks"),
        "reasoning": decision.get("reasoning"),
        "decision_source": decision.get("source"),
        "rule": decision.get("rule"),
        "adjustments": decision.get("adjustments"),
        "expectation": _expectation(decision.get("expectation")),
        "selection": _selection(decision.get("selection")),
        "actions_planned": _calls(decision.get("plan")),
    }


def _expectation(expectation: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if expectation is None:
        return None
    names = ("certainty", "pace", "planned", "arriving", "sentence", "review")
    return {name: expectation.get(name) for name in names}


def _selection(selection: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if selection is None:
        return None
    tasks: list[Mapping[str, Any]] = selection.get("tasks") or []
    return {
        "tasks": [{name: task.get(name) for name in _TASK_FIELDS} for task in tasks],
        "left_out_count": selection.get("left_out_count"),
        "expected_finished": selection.get("expected_finished"),
        "warnings": selection.get("warnings"),
    }


def _calls(plan: list[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    return [
        {"name": call.get("name"), "description": call.get("description")} for call in plan or ()
    ]
