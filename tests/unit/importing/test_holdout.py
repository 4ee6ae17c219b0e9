"""Actual outcomes are saved by an import, and read again beside a decision."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.importing import holdout
from agent.importing.history_windows import split_history
from agent.importing.tasks import Task

DAY = date(2025, 6, 16)
# As written by releases whose `dsm orchestrate --json` had the key `held_back`.
EARLIER_FILE = """{
  "project_id": "P1",
  "as_of": "2025-06-16",
  "window_end": "2025-07-06",
  "finished": 4,
  "finished_created_by": 3,
  "from_backlog": [
    "P1-T1",
    "P1-T2"
  ]
}
"""


def save(folder: Path, cadence_days: int) -> None:
    tasks = [
        Task("1", "P1", DAY - timedelta(3), DAY + timedelta(1)),
        Task("2", "P1", DAY + timedelta(1), DAY + timedelta(2)),
        Task("3", "P1", DAY - timedelta(3), DAY),
    ]
    history = split_history(tasks, DAY, cadence_days)["P1"]
    holdout.save(folder, history, DAY, cadence_days)


def test_saved_outcome_is_read_for_its_day_only(tmp_path: Path) -> None:
    save(tmp_path, 14)
    assert holdout.find(tmp_path, "P1", DAY) == holdout.ActualOutcome(
        project_id="P1",
        as_of="2025-06-16",
        window_end="2025-06-29",
        finished=3,
        finished_created_by=2,
        from_backlog=("1",),
    )
    assert holdout.find(tmp_path, "P1", DAY + timedelta(1)) is None
    assert holdout.find(tmp_path, "P2", DAY) is None


def test_file_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "P1.json").write_text(EARLIER_FILE)
    actual = holdout.find(tmp_path, "P1", DAY)
    assert actual is not None
    assert (actual.days, actual.finished, actual.from_backlog) == (21, 4, ("P1-T1", "P1-T2"))
    assert holdout.cadence_weeks(tmp_path, "P1") == 3


@pytest.mark.parametrize(("cadence_days", "weeks"), [(7, 1), (21, 3), (10, None)])
def test_cadence_of_an_import_is_known_in_whole_weeks(
    tmp_path: Path, cadence_days: int, weeks: int | None
) -> None:
    save(tmp_path, cadence_days)
    assert holdout.cadence_weeks(tmp_path, "P1") == weeks
    assert holdout.cadence_weeks(tmp_path, "P2") is None
