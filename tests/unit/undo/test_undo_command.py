"""`dsm undo` says before what changes and what stays, and after what was done."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from agent.cli.approval_words import describe_answer
from agent.cli.undo import describe_end, describe_plan
from agent.plan_schema import PlanOutcome
from graphs.approval import Approval, Change
from memory.decision import PlannedCall

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
    assert list(describe_end(outcome(undone=True, actions_taken=["Cancelled sprint P1-S02"]))) == [
        "Cancelled sprint P1-S02",
        f"Run {RUN} is undone.",
    ]
    assert list(describe_end(outcome(status="rejected"))) == [
        f"Nothing was done; run {RUN} stands."
    ]
    part = outcome(actions_taken=["Deleted CronJob a"], stays=["Cancel sprint P1-S02: refused, no"])
    assert list(describe_end(part)) == [
        "Deleted CronJob a",
        f"Run {RUN} is not undone. This stays:",
        "  Cancel sprint P1-S02: refused, no",
        f"Next: dsm undo {RUN} takes back the rest, where that can be",
    ]


def test_answer_to_an_undo_or_a_request_is_told_by_its_kind() -> None:
    answers = [
        outcome(undone=True, actions_taken=["Deleted CronJob a"]),
        outcome(status="failed", actions_taken=["Cancel sprint P1-S02: refused, no"]),
        outcome(status="rejected"),
    ]
    for answer in answers:
        assert list(describe_answer(answer)) == list(describe_end(answer))
    refused = outcome(kind="request", undoes=None, status="failed", actions_taken=["refused"])
    assert "A step was refused" in list(describe_answer(refused))[-1]
    assert f"dsm undo {UNDO} takes it back" in _end_of("create_sprint")
    assert "dsm undo" not in _end_of("close_sprint")


def _end_of(name: str) -> str:
    plan = [PlannedCall(name=name, arguments={}, description="do it")]
    answer = outcome(kind="request", undoes=None, actions_planned=plan, actions_taken=["did it"])
    return list(describe_answer(answer))[-1]
