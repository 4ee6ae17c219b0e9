"""The due time of a job that a cluster starts."""

from datetime import UTC, datetime

import pytest

from agent.cli.jobs import due_of_job


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("run-dailyscrum-p1-s01-29541000", datetime(2026, 3, 2, 14, tzinfo=UTC)),
        ("run-learn-manual-x7k2p", None),
        ("run-learn-20260302", None),
        ("run-dailyscrum-p1-s01", None),
        ("", None),
    ],
)
def test_due_time_is_read_from_the_name_of_the_job(name: str, due: datetime | None) -> None:
    assert due_of_job(name) == due
