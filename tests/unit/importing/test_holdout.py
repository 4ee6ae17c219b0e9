"""Actual outcomes of windows are counted from saved rows, as far as they are known."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.importing.history import holdout, known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_store import FileRows
from agent.importing.tasks import Task

DAY = date(2025, 6, 16)
LAST = DAY + timedelta(13)
# As written by release 0.1.0.
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


def rows(known_until: date, cadence_days: int = 14) -> KnownRows:
    tasks = (
        Task("1", "P1", DAY - timedelta(3), DAY + timedelta(1)),
        Task("2", "P1", DAY + timedelta(1), DAY + timedelta(2)),
        Task("3", "P1", DAY - timedelta(3), DAY),
        Task("4", "P1", DAY, LAST),
        Task("5", "P1", DAY, LAST + timedelta(1)),
        Task("6", "P1", DAY),
    )
    return KnownRows("P1", DAY, cadence_days, known_until, tasks)


async def test_outcome_of_the_window_of_the_import(tmp_path: Path) -> None:
    await known_rows.save(FileRows(tmp_path), rows(LAST))
    assert await holdout.find(FileRows(tmp_path), "P1", DAY, LAST) == holdout.ActualOutcome(
        project_id="P1",
        window_start=DAY,
        window_end=LAST,
        known_until=None,
        finished=4,
        from_backlog=("1", "4"),
    )
    assert await holdout.find(FileRows(tmp_path), "P2", DAY, LAST) is None


def test_outcome_of_a_later_window_counts_what_was_finished_on_its_first_day() -> None:
    first = DAY + timedelta(1)
    actual = holdout.outcome_of(rows(LAST), first, first + timedelta(6))
    assert actual is not None
    assert (actual.days, actual.finished, actual.from_backlog) == (7, 2, ("1", "2"))


def test_outcome_that_nobody_knows_is_none_and_a_window_known_in_part_says_until_when() -> None:
    assert holdout.outcome_of(rows(DAY - timedelta(1)), DAY, LAST) is None
    actual = holdout.outcome_of(rows(DAY + timedelta(1)), DAY, LAST)
    assert actual is not None
    assert (actual.known_until, actual.finished) == (DAY + timedelta(1), 2)


async def test_file_of_an_earlier_release_is_read_for_its_own_window(tmp_path: Path) -> None:
    (tmp_path / "imports").mkdir()
    path = tmp_path / "imports" / "P1.json"
    path.write_text(EARLIER_FILE)
    end = date(2025, 7, 6)
    actual = await holdout.find(FileRows(tmp_path), "P1", DAY, end)
    assert actual is not None
    assert (actual.days, actual.finished, actual.from_backlog) == (21, 4, ("P1-T1", "P1-T2"))
    assert await holdout.find(FileRows(tmp_path), "P1", DAY, LAST) is None
    assert await holdout.cadence_weeks(FileRows(tmp_path), "P1") == 3
    # It did not say how far it knew: none finished may be none known.
    path.write_text(EARLIER_FILE.replace('"finished": 4', '"finished": 0'))
    assert await holdout.find(FileRows(tmp_path), "P1", DAY, end) is None


@pytest.mark.parametrize(("cadence_days", "weeks"), [(7, 1), (21, 3), (10, None)])
async def test_cadence_of_an_import_is_known_in_whole_weeks(
    tmp_path: Path, cadence_days: int, weeks: int | None
) -> None:
    await known_rows.save(FileRows(tmp_path), rows(LAST, cadence_days))
    assert await holdout.cadence_weeks(FileRows(tmp_path), "P1") == weeks
    assert await holdout.cadence_weeks(FileRows(tmp_path), "P2") is None
