"""Page that `dsm orchestrate` prints, and the comparison with the actual outcome."""

from datetime import UTC, datetime

import pytest
from rich.console import Console

from agent.cli.comparison import Comparison
from agent.cli.report import actual_outcome, task_table
from agent.cli.report_evidence import own_history
from domain_services.sprint.schema import SprintTask
from graphs.answer import HistoricalContext


def printed(part: object) -> str:
    console = Console(width=100, highlight=False)
    with console.capture() as capture:
        console.print(part)
    return capture.get()


def test_titles_are_printed_without_markup_and_terminal_codes() -> None:
    titles = ["[/login] returns 500", "[ui] header is cut off", "a\x1b[31mb"]
    tasks = [
        SprintTask(
            task_id=f"P1-TASK00{n}",
            project_id="P1",
            sprint_id="P1-S01",
            title=title,
            status="assigned_to_sprint",
            progress_percentage=0,
            assigned_to="[b]ann",
            priority=3,
            version=1,
            updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for n, title in enumerate(titles)
    ]
    page = printed(task_table(tasks))
    assert "[/login] returns 500" in page
    assert "[ui] header is cut off" in page
    assert "[b]ann" in page
    assert "\x1b" not in page


def comparison(window_days: int, decided_days: int | None) -> Comparison:
    return Comparison("2025-06-22", window_days, decided_days, 4, 4, None, 6, 10, 6)


def test_only_windows_of_equal_length_have_a_verdict() -> None:
    assert comparison(14, 14).nearer == "recommendation"
    assert comparison(7, 14).nearer is None
    assert "none: the actual outcome is of 7 days, the decision is for 14" in printed(
        actual_outcome(comparison(7, 14))
    )


def test_decision_without_a_sprint_shows_the_outcome_without_a_verdict() -> None:
    page = printed(actual_outcome(comparison(14, None)))
    assert "4 tasks, 4 of them from this backlog" in page
    assert "verdict" not in page


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ([], "no past sprint of this project is known"),
        (["recall: no embedding"], "no past sprint of this project is known"),
        (["history: no answer within 100 ms"], "the project's history did not answer"),
    ],
)
def test_silent_history_is_not_reported_as_an_empty_one(missing: list[str], sentence: str) -> None:
    nothing_known = HistoricalContext(
        past_sprints=0,
        completed_per_sprint=[],
        average_velocity=None,
        velocity_trend=None,
        completion_rate=None,
        avg_sprint_duration=None,
        open_impediments=[],
        similar_projects=[],
        similar_episodes=0,
    )
    assert printed(own_history(nothing_known, missing)).strip() == sentence
