"""`dsm sprint cancel` says what was done and what comes next."""

from datetime import UTC, datetime

from agent.cli.sprint import describe
from domain_services.sprint.schema import SprintCancelled


def test_cancellation_is_described_with_its_reason_and_the_next_command() -> None:
    cancelled = SprintCancelled(
        message="Sprint P1-S02 cancelled; 3 tasks are free again.",
        sprint_id="P1-S02",
        project_id="P1",
        status_updated_to="cancelled",
        uncompleted_tasks_moved_to_backlog_count=3,
        reason="Planned by mistake",
        cancelled_at=datetime(2025, 3, 3, tzinfo=UTC),
    )
    assert describe(cancelled, " --data-dir there") == (
        "Sprint P1-S02 cancelled; 3 tasks are free again. Reason: Planned by mistake. "
        "It has no retrospective and does not count as history.\n"
        "Next: dsm orchestrate P1 --data-dir there"
    )
