"""Describe a stored run for its readers."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from agent import run_schema
from agent.runs.release_0_1 import decided_by_release_0_1
from domain_services.chronicle.schema import DecisionEffect
from memory.decision import Decision
from memory.episode import NOT_APPROVED
from memory.episode_documents import JsonObject
from memory.run import Run
from memory.run_comments import RunComment
from memory.run_steps import StoredStep


def details(
    run: Run,
    steps: Sequence[StoredStep] = (),
    comment: RunComment | None = None,
    *,
    forgotten: bool = False,
) -> run_schema.RunDetails:
    """Return a run, its steps and the comment on it as the route answers them."""
    answer: Any = run.response or {}
    return run_schema.RunDetails(
        run_id=run.run_id,
        project_id=run.project_id,
        status=run.status,
        effect=_effect(run),
        decision_mode=answer.get("intelligence_metadata", {}).get("decision_mode"),
        dry_run=bool(run.request.get("dry_run")),
        started_at=run.started_at,
        decided_at=run.decided_at,
        ended_at=run.ended_at,
        request=run.request,
        decision=_decision(run.decision),
        answer=run.response,
        error=run_schema.RunFailure.model_validate(run.error) if run.error else None,
        tries=run.tries,
        kind=run.kind,
        expires_at=run.expires_at,
        proposal=_decision(run.proposal),
        review=run.review,
        reviewed_at=run.reviewed_at,
        reviewed_by=run.reviewed_by,
        superseded_by=run.superseded_by,
        asked_by=_asked_by(run),
        undoes=run.undoes,
        undone_by=run.undone_by,
        approval=answer.get("approval") if run.status == "waiting" else None,
        steps=[run_schema.RunStep.model_validate(asdict(step)) for step in steps],
        model_comment=run_schema.ModelComment.model_validate(asdict(comment)) if comment else None,
        forgotten=forgotten,
    )


def with_times(
    run: run_schema.RunDetails, inputs_at: datetime | None, runs_days: int, inputs_days: int
) -> run_schema.RunDetails:
    """Return a run with the times from which it and its inputs may be deleted; 0 days: never."""
    return run.model_copy(
        update={
            "inputs_url": f"/runs/{run.run_id}/inputs" if inputs_at else None,
            "kept_until": _later(run.ended_at, runs_days),
            "inputs_kept_until": _later(inputs_at, inputs_days),
        }
    )


def _later(start: datetime | None, days: int) -> datetime | None:
    return start + timedelta(days) if start and days else None


def _effect(run: Run) -> DecisionEffect | None:
    if run.status == "waiting":
        return None
    if run.status in NOT_APPROVED:
        return "not_approved"
    if run.response is None:
        # Only a decision that acts is stored before its calls.
        return "acted" if run.decision else None
    if not run.response.get("dry_run"):
        return "acted"
    return "dry_run" if run.request.get("dry_run") else "shadow"


def _decision(stored: JsonObject | None) -> Decision | None:
    # Release 0.1.0 stored decisions in another shape; their answers hold what was decided.
    if stored is None or decided_by_release_0_1(stored):
        return None
    try:
        return Decision.model_validate(stored)
    except ValidationError:
        # Another release stored it; its error says why it was not finished.
        return None


def _asked_by(run: Run) -> str | None:
    """Return the name of the key that asked for a run, with the client that it is used by."""
    if run.kind == "undo":
        return _text(run.request.get("asked_by"))
    if run.kind == "request":
        client, key = _text(run.request.get("asked_by")), _text(run.request.get("key"))
        return f"{client} ({key})" if client and key else client or key
    return run.caller


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
