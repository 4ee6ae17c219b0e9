"""Audits of people's deeds: approvals, edits, rejections, undoing, pauses, corrections.

A deed is no decision. It has an audit with an id of its own, which names the run that it concerns.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import JsonValue
from uuid_utils.compat import uuid7

from domain_services.chronicle.schema import DecisionAuditCreate, DecisionSource
from domain_services.kernel.types import utc_now
from memory.run import Run

Deed = Literal[
    "asked",
    "approved",
    "edited",
    "rejected",
    "undone",
    "undone_in_part",
    "corrected",
    "forgotten",
    "autonomy_changed",
    "paused",
    "pause_ended",
]
DEED = "deed"  # value of `decision.kind`, by which the chronicle tells a deed from a decision


def build_deed_audit(
    subject: Run | str,
    deed: Deed,
    by: str,
    *,
    reason: str | None = None,
    steps: Sequence[Mapping[str, JsonValue]] = (),
    fingerprint: str | None = None,
    sprint_id: str | None = None,
    details: Mapping[str, JsonValue] | None = None,
) -> DecisionAuditCreate:
    """Return the audit of what a person did to a run, or to the project with the id `subject`.

    `by` is the name of the API key. `steps` says of each step how it was answered, `details` what
    else the deed changed. To be stored by `memory.audits.enqueue` in the deed's own transaction.
    """
    run = subject if isinstance(subject, Run) else None
    # Read back by `build_deed_audit` alone, and by the chronicle for `kind`.
    document: dict[str, object] = {
        "kind": DEED,
        "deed": deed,
        "by": by,
        "reason": reason,
        "steps": [dict(step) for step in steps],
        "fingerprint": fingerprint or (run.fingerprint if run else None),
        **(details or {}),
    }
    return DecisionAuditCreate(
        audit_id=uuid7(),
        project_id=run.project_id if run else str(subject),
        sprint_id=sprint_id,
        decision_source=_source(run),
        decision=document,
        reasoning=reason or "",
        actor=by,
        run_id=str(run.run_id) if run else None,
        timestamp=utc_now(),
    )


def _source(run: Run | None) -> DecisionSource:
    """Return the source of the run's decision; a deed has none of its own."""
    decision = (run and run.decision) or {}
    return (
        "intelligence_enhanced"
        if decision.get("source") == "intelligence_enhanced"
        else "rule_based_only"
    )
