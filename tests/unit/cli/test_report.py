"""The page that `dsm orchestrate` prints."""

from datetime import date
from pathlib import Path

from rich.console import Console

from agent.cli.comparison import Comparison
from agent.cli.report import _tasks, _truth
from agent.importing import holdout


def printed(part: object) -> str:
    console = Console(width=100, highlight=False)
    with console.capture() as capture:
        console.print(part)
    return capture.get()


def test_titles_are_printed_letter_by_letter() -> None:
    titles = ["[/login] returns 500", "[ui] header is cut off", "a\x1b[31mb"]
    tasks = [
        {"task_id": f"P1-TASK00{n}", "title": title, "priority": 3, "assigned_to": "[b]ann"}
        for n, title in enumerate(titles)
    ]
    page = printed(_tasks(tasks))
    assert "[/login] returns 500" in page
    assert "[ui] header is cut off" in page
    assert "[b]ann" in page
    assert "\x1b" not in page


def compared(window_days: int, decided_days: int | None) -> Comparison:
    return Comparison("2025-06-22", window_days, decided_days, 4, 4, None, 6, 10, 6)


def test_only_windows_of_one_length_have_a_verdict() -> None:
    assert compared(14, 14).nearer == "recommendation"
    assert compared(7, 14).nearer is None
    assert "none: what was kept back is of 7 days, the decision is for 14" in printed(
        _truth(compared(7, 14))
    )


def test_without_a_sprint_the_truth_is_told_and_nothing_compared() -> None:
    page = printed(_truth(compared(14, None)))
    assert "4 tasks, 4 of them from this backlog" in page
    assert "verdict" not in page


def test_the_imported_cadence_is_known_again(tmp_path: Path) -> None:
    (tmp_path / "imports").mkdir()
    truth = (
        '{"project_id": "P1", "as_of": "2025-06-16", "window_end": "2025-07-06", "finished": 4,'
        ' "finished_created_by": 4, "from_backlog": []}'
    )
    (tmp_path / "imports" / "P1.json").write_text(truth)
    assert holdout.cadence_weeks(tmp_path, "P1") == 3
    assert holdout.cadence_weeks(tmp_path, "P2") is None
    found = holdout.find(tmp_path, "P1", date(2025, 6, 16))
    assert found is not None
    assert found.days == 21
