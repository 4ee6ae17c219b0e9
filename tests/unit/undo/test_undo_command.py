"""`dsm undo` says before what changes and what stays, and after what was done."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from agent.cli.approval_words import describe_answer
from agent.cli.undo import describe_end, describe_plan
from agent.plan_schema import PlanOutcome
from graphs.approval import Approval, Change

RUN, UNDO = UUID(int=1), UUID(int=2)


def outcome(**fields: Any) -> PlanOutcome:
    values = {
        "run_id": UNDO,
        "run_url": f"/runs/{UNDO}",
        "kind": "undo",
        "project_id": "P1",
        "status": "done",
        "undoes": RUN,
        "actions_planned": [],
    }
    return PlanOutcome.model_validate(values | fields)


def test_plan_names_changes_and_what_stays() -> None:
    approval = Approval(
        run_id=UNDO,
        run_url=f"/runs/{UNDO}",
        decide_url=f"/runs/{UNDO}/decision",
        fingerprint="f",
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
        reason="lena asks",
        changes=[Change(what="sprint", before="P1-S02", after="P1-S02 cancelled")],
        action_requests=[],
        review_configs=[],
    )
    stays = ["Close sprint P1-S01: cannot be taken back"]
    assert list(describe_plan(outcome(status="waiting", approval=approval, stays=stays))) == [
        f"Undo run {RUN}:",
        "  sprint: P1-S02 -> P1-S02 cancelled",
        "This stays:",
        "  Close sprint P1-S01: cannot be taken back",
    ]


def test_end_says_what_was_done_or_refused() -> None:
    assert list(describe_end(outcome(actions_taken=["Cancelled sprint P1-S02"]))) == [
        "Cancelled sprint P1-S02",
        f"Run {RUN} is undone.",
    ]
    assert list(describe_end(outcome(status="rejected"))) == [
        f"Nothing was done; run {RUN} stands."
    ]
    assert f"is not undone, a step was refused: dsm run {UNDO}" in "".join(
        describe_end(outcome(status="failed"))
    )


def test_answer_to_an_undo_or_a_request_is_told_by_its_kind() -> None:
    assert list(describe_answer(outcome(actions_taken=["Deleted CronJob a"]))) == [
        "Deleted CronJob a",
        f"Run {RUN} is undone.",
    ]
    refused = outcome(kind="request", undoes=None, status="failed", actions_taken=["refused"])
    assert "A step was refused" in list(describe_answer(refused))[-1]
    request = outcome(kind="request", undoes=None, actions_taken=["Suspended CronJob a"])
    assert f"dsm undo {UNDO} takes it back" in list(describe_answer(request))[-1]
